import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { PostgresSource } from '../../indexers/postgres/config.ts'
import postgres from '../../indexers/postgres/index.ts'
import type { Cursors, IndexerType } from '../../src/core/indexer.ts'
import type { Embedder } from '../../src/core/embedder.ts'
import type { Change } from '../../schemas/record.ts'
import { allAtOnce } from '../../src/core/turns.ts'
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
    return pipeline.sync(
      {},
      {
        groups: [
          {
            type: postgres,
            connection: () => Promise.resolve(connectionTo(database.url)),
            jobs: wanted,
            configured: jobs,
          },
        ],
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

const checkpoint = (source: string, more: object = {}): Change => ({
  kind: 'checkpoint',
  source,
  position: '1',
  cursor: 1,
  asOf: '2026-01-02T03:04:05Z',
  ...more,
})
const put = (source: string, key: string, text: string): Change => ({
  kind: 'put',
  source,
  key,
  position: '1',
  digest: text,
  content: { kind: 'row', row: { text } },
})

/** Nothing at first; then `follow`, and then it waits to be stopped. */
function scripted(follow: () => AsyncGenerator<Change>, keysRead: (source: string) => void): IndexerType {
  return {
    type: 'scripted',
    source: z.unknown(),
    deletes: 'streamed',
    open: async (_connection, { sources, until: end, signal }) => ({
      async *changes() {
        for (const source of Object.keys(sources)) yield checkpoint(source)
        if (end === 'now') return
        yield* follow()
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
      async *keys(source) {
        keysRead(source)
        yield* []
      },
      [Symbol.asyncDispose]: async () => {},
    }),
  }
}

async function watch(pipeline: TestPipeline, type: IndexerType, done: () => Promise<boolean>): Promise<void> {
  const jobs = jobsOf(pipeline, type, ['fast', 'long'])
  const stop = new AbortController()
  const watching = pipeline.sync(
    {},
    {
      groups: [{ type, connection: () => Promise.resolve(undefined), jobs, configured: jobs }],
      configured: Object.fromEntries(jobs.map(({ config }) => [config.name, config])),
      isProjected: false,
      watch: allAtOnce,
      signal: stop.signal,
    },
  )
  try {
    await until(done)
  } finally {
    stop.abort()
    await watching
  }
}

describe('in a watch, beside a long read of another source of the connection,', () => {
  test('what was read is committed without waiting for the texts of that read', async () => {
    const release = Promise.withResolvers<void>()
    await using pipeline = await openPipeline({
      embedder: {
        ...slowEmbedder,
        async embed(texts, options) {
          if (texts.some((text) => text.includes('slow'))) await release.promise
          return slowEmbedder.embed(texts, options)
        },
      },
    })
    const type = scripted(
      async function* () {
        yield put('long', 'a', 'slow')
        yield checkpoint('long', { partial: true })
        for (const key of ['b', 'c']) {
          yield put('fast', key, 'quick')
          yield checkpoint('fast')
        }
      },
      () => {},
    )
    await watch(pipeline, type, async () => {
      const found = await pipeline.ledger.readRecord({ source: 'fast', key: 'c', readable: undefined })
      if (found !== undefined) release.resolve()
      return found !== undefined
    })
    expect((await pipeline.status()).sources.find(({ name }) => name === 'fast')).toMatchObject({ records: 2 })
  })

  test('its keys are compared once it has ended, and not before', async () => {
    await using pipeline = await openPipeline()
    const events: string[] = []
    const type = scripted(
      async function* () {
        yield put('long', 'a', 'one')
        yield checkpoint('long', { partial: true, compare: true })
        yield checkpoint('fast')
        events.push('a checkpoint of the other one')
        yield checkpoint('long', { compare: true })
        events.push('its end')
      },
      (source) => events.push(`keys of ${source}`),
    )
    await watch(pipeline, type, async () => events.includes('its end'))
    expect(events).toEqual(['a checkpoint of the other one', 'keys of long', 'its end'])
  })
})
