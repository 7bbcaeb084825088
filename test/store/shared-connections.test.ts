import { expect, test } from 'vitest'
import { z } from 'zod'
import { PostgresSource } from '../../indexers/postgres/config.ts'
import postgres from '../../indexers/postgres/index.ts'
import type { Cursors, IndexerType } from '../../src/core/indexer.ts'
import type { Embedder } from '../../src/core/embedder.ts'
import type { SourceGroup, SourceJob } from '../../src/pipeline/source-job.ts'
import { openPipeline, type TestPipeline } from '../kit/open-pipeline.ts'
import { connectionTo, openSourceDatabase } from '../kit/postgres-source.ts'
import { pseudoVector } from '../kit/pseudo-vector.ts'
import { until } from '../kit/until.ts'

/** Notes what it is told of other sources, and reads none. */
function watchedType(): { readonly type: IndexerType; readonly told: Cursors[] } {
  const told: Cursors[] = []
  const type: IndexerType = {
    type: 'watched',
    source: z.unknown(),
    deletes: 'streamed',
    open: async (_connection, { sources, others }) => ({
      async *changes() {
        told.push(await others())
        for (const source of Object.keys(sources)) {
          yield { kind: 'checkpoint', source, position: '1', cursor: `${source} 1`, asOf: '2026-01-02T03:04:05Z' }
        }
      },
      async *keys() {},
      [Symbol.asyncDispose]: async () => {},
    }),
  }
  return { type, told }
}

function jobsOf(pipeline: TestPipeline, type: IndexerType, names: readonly string[]): readonly SourceJob[] {
  return names.map((name) => {
    const job = pipeline.optionsOf({ [name]: { type } }).groups[0]?.jobs[0]
    if (job === undefined) throw new Error('no job')
    return job
  })
}

test('an indexer is told the cursors of those other sources of its connection that go on from them', async () => {
  await using pipeline = await openPipeline()
  const { type, told } = watchedType()
  const [a, b, c] = jobsOf(pipeline, type, ['a', 'b', 'c'])
  if (a === undefined || b === undefined || c === undefined) throw new Error('no jobs')
  const sync = async (jobs: readonly SourceJob[], configured: readonly SourceJob[]): Promise<void> => {
    const group: SourceGroup = { type, connection: () => Promise.resolve(undefined), jobs, configured }
    await pipeline.sync({}, { groups: [group], configured: { a: a.config, b: b.config, c: c.config } })
  }
  await sync([a, b], [a, b, c])
  await sync([a], [a, b, c])
  await sync([a], [a])
  await sync([a], [a, { ...b, optionsDigest: 'changed' }, c])
  await sync([a, b, c], [a, b, c])
  await sync([b], [a, b, c])
  expect(told).toEqual([{}, { b: 'b 1' }, {}, {}, {}, { a: 'a 1', c: 'c 1' }])
})

const FirstRead = z.object({ pass: z.object({ after: z.array(z.string()) }) })

const slowEmbedder: Embedder = {
  model: 'test/8',
  dimensions: 8,
  maxTokens: 1000,
  ready: async () => {},
  async embed(texts) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return { vectors: texts.map((text) => pseudoVector(text, 8)), tokens: 0, cost: 0 }
  },
  [Symbol.asyncDispose]: async () => {},
}

test('a change of one source is in the ledger before the first read of another one on its connection has ended', async () => {
  await using database = await openSourceDatabase(`create table few (id int primary key, text text);
    create table many (id int primary key, text text, rest text);
    insert into few values (1, 'one'); insert into many select i, 'row ' || i, repeat('x', 2500) from generate_series(1, 3000) i`)
  await using pipeline = await openPipeline({ embedder: slowEmbedder })
  const jobs = jobsOf(pipeline, postgres, ['few', 'many']).map((job) => {
    const options = PostgresSource.parse({ table: job.config.name, mode: 'stream' })
    return { ...job, config: { ...job.config, options, connection: 'shop' } }
  })
  const sync = async (names: readonly string[]): Promise<unknown> => {
    const wanted = jobs.filter(({ config }) => names.includes(config.name))
    const connection = () => Promise.resolve(connectionTo(database.url))
    return pipeline.sync(
      {},
      {
        groups: [{ type: postgres, connection, jobs: wanted, configured: jobs }],
        configured: Object.fromEntries(jobs.map(({ config }) => [config.name, config])),
        isProjected: false,
      },
    )
  }
  await sync(['few'])
  const reading = sync(['few', 'many'])
  const cursorOfMany = async (): Promise<unknown> => (await pipeline.ledger.cursors({ sources: ['many'] }))[0]?.cursor
  await until(async () => (await cursorOfMany()) !== undefined)
  await database.run(`insert into few values (2, 'two')`)
  const found = (): Promise<unknown> => pipeline.ledger.readRecord({ source: 'few', key: '2', readable: undefined })
  await until(async () => (await found()) !== undefined)
  const { pass } = FirstRead.parse(await cursorOfMany())
  expect(Number(pass.after[0])).toBeLessThan(2000)
  await reading
  expect(await cursorOfMany()).toMatchObject({ pass: null })
  expect((await pipeline.status()).sources.map(({ name, records }) => [name, records])).toEqual([
    ['few', 2],
    ['many', 3000],
  ])
})
