import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { PostgresSource } from '../../indexers/postgres/config.ts'
import postgres from '../../indexers/postgres/index.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { IndexerType } from '../../src/core/indexer.ts'
import { allAtOnce } from '../../src/core/turns.ts'
import type { PositionOrder } from '../../src/core/position-order.ts'
import { openPipeline, type TestPipeline } from '../kit/open-pipeline.ts'
import { connectionTo, openSourceDatabase, type SourceDatabase } from '../kit/postgres-source.ts'
import { scriptedSource, type ScriptedSource } from '../kit/scripted-source.ts'
import { until } from '../kit/until.ts'

const admin = { id: 'admin', groups: [], admin: true }
const guest = { id: 'guest', groups: [], admin: false }

type Sources = Readonly<Record<string, { readonly type: IndexerType }>>

/** A table that is followed in the log of its database. */
function followed(database: SourceDatabase): { readonly type: IndexerType } {
  const source = PostgresSource.parse({ table: 'note', mode: 'stream' })
  return {
    type: {
      ...postgres,
      type: 'postgres',
      connection: PostgresSource,
      source: PostgresSource,
      deletesOf: () => 'streamed',
      positions: () => postgres.positions(source),
      open: (_, options) => postgres.open(connectionTo(database.url), { ...options, sources: { notes: source } }),
    },
  }
}

const readOrder: PositionOrder = {
  form: 'read N',
  isPosition: (text) => /^read \d+$/.test(text),
  covers: (at, wanted) => Number(at.slice(5)) >= Number(wanted.slice(5)),
}

/** Positions are `read 1`, `read 2`, … */
function ordered(source: ScriptedSource): ScriptedSource {
  return { ...source, type: { ...source.type, positions: () => readOrder } }
}

/** Keeps the sources in step until it is disposed. */
function watch(pipeline: TestPipeline, sources: Sources, others: readonly string[] = []): AsyncDisposable {
  const stop = new AbortController()
  const ended = pipeline.sync(sources, { watch: allAtOnce, signal: stop.signal, others })
  ended.catch(() => {})
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await ended
    },
  }
}

async function refusal(search: Promise<unknown>): Promise<AquiferError> {
  const error: unknown = await search.then(
    () => 'an answer',
    (thrown: unknown) => thrown,
  )
  if (error instanceof AquiferError) return error
  throw new Error(`not refused: ${String(error)}`)
}

async function openNotes(): Promise<SourceDatabase> {
  return openSourceDatabase(
    `create table note (id int primary key, text text); insert into note values (0, 'the first'); create table other (id int)`,
  )
}

async function lsnAfter(database: SourceDatabase, sql: string): Promise<string> {
  await database.run(sql)
  const [row] = await database.run('select pg_current_wal_lsn()::text as lsn')
  return String(row?.['lsn'])
}

test('a search that waits for the position of a write finds it by both legs, time after time', async () => {
  await using database = await openNotes()
  await using pipeline = await openPipeline()
  const sources = { notes: followed(database) }
  await using _ = watch(pipeline, sources)
  await until(
    async () =>
      (await pipeline.sources())[0]?.position !== undefined && (await pipeline.sources())[0]?.position !== null,
  )
  const knowledge = pipeline.knowledge(sources)
  for (let n = 1; n <= 10; n += 1) {
    const lsn = await lsnAfter(database, `insert into note values (${n}, 'wombat${n}')`)
    const request = { query: `wombat${n}`, minPosition: { notes: lsn }, waitMs: 20_000, limit: 20 }
    const { hits, sources: told } = await knowledge.search(request, admin)
    const hit = hits.find(({ id }) => id === `notes:${n}`)
    expect(hit?.legs.lexical?.rank).toBe(1)
    expect(hit?.legs.vector?.score).toBeTypeOf('number')
    expect(told).toMatchObject([{ source: 'notes', lag_ms: expect.any(Number) }])
    expect(postgres.positions({ table: 'note', mode: 'stream' })?.covers(told[0]?.position ?? '', lsn)).toBe(true)
  }
})

test('a deleted row is gone once its position is reached', async () => {
  await using database = await openNotes()
  await using pipeline = await openPipeline()
  const sources = { notes: followed(database) }
  await using _ = watch(pipeline, sources)
  const first = await lsnAfter(database, 'select 1')
  const knowledge = pipeline.knowledge(sources)
  const before = await knowledge.search({ query: 'first', minPosition: { notes: first }, waitMs: 30_000 }, admin)
  expect(before.hits.map(({ id }) => id)).toEqual(['notes:0'])
  const lsn = await lsnAfter(database, 'delete from note where id = 0')
  expect((await knowledge.search({ query: 'first', minPosition: { notes: lsn } }, admin)).hits).toEqual([])
})

test('a commit that touched only other tables is reached, too, within the time that is waited unasked', async () => {
  await using database = await openNotes()
  await using pipeline = await openPipeline()
  const sources = { notes: followed(database) }
  await using _ = watch(pipeline, sources)
  await until(async () => typeof (await pipeline.sources())[0]?.position === 'string')
  const lsn = await lsnAfter(database, 'insert into other values (1)')
  const { hits } = await pipeline.knowledge(sources).search({ query: 'first', minPosition: { notes: lsn } }, admin)
  expect(hits.map(({ id }) => id)).toEqual(['notes:0'])
})

test('a sync that begins during the wait ends it', async () => {
  await using pipeline = await openPipeline()
  const source = ordered(scriptedSource({ a: 'kangaroo' }))
  await pipeline.sync({ source })
  source.items.set('b', 'platypus')
  const asked = { query: 'platypus', minPosition: { source: 'read 2' }, waitMs: 20_000 }
  const searching = pipeline.knowledge({ source }).search(asked, admin)
  await sleep(500)
  await pipeline.sync({ source })
  const { hits, sources } = await searching
  expect(hits[0]).toMatchObject({ id: 'source:b', legs: { lexical: { rank: 1 } } })
  expect(sources).toMatchObject([{ source: 'source', position: 'read 2' }])
})

test('what is not reached in time is said, with where the source stands', async () => {
  await using pipeline = await openPipeline()
  const source = ordered(scriptedSource({ a: 'kangaroo' }))
  await pipeline.sync({ source })
  const asked = { query: 'kangaroo', minPosition: { source: 'read 2' }, waitMs: 400 }
  const began = performance.now()
  const error = await refusal(pipeline.knowledge({ source }).search(asked, admin))
  expect(performance.now() - began).toBeGreaterThanOrEqual(400)
  expect(performance.now() - began).toBeLessThan(5000)
  expect(error).toMatchObject({
    code: 'FRESHNESS_NOT_REACHED',
    kind: 'unavailable',
    message: expect.stringContaining('source stands at read 1 (asked for read 2), was last in step'),
    details: {
      waited_ms: expect.any(Number),
      sources: [
        {
          source: 'source',
          min_position: 'read 2',
          max_staleness_ms: null,
          position: 'read 1',
          as_of: expect.stringMatching(/Z$/),
          lag_ms: expect.any(Number),
          waits_for: 'source',
          behind: 0,
          syncing: false,
        },
      ],
    },
  })
  expect(error.message).toContain('no process syncs it now')
})

test('with nothing to wait for, a search that asks for no more than there is answers at once', async () => {
  await using pipeline = await openPipeline()
  const source = ordered(scriptedSource({ a: 'kangaroo' }))
  await pipeline.sync({ source })
  const asked = { query: 'kangaroo', minPosition: { source: 'read 1' }, maxStalenessMs: 600_000, waitMs: 0 }
  expect((await pipeline.knowledge({ source }).search(asked, admin)).hits).toHaveLength(1)
})

test('what is in the ledger and not yet among the words is waited for, and then found by them', async () => {
  await using pipeline = await openPipeline()
  const source = ordered(scriptedSource({ a: 'kangaroo' }))
  await pipeline.sync({ source })
  source.items.set('b', 'platypus')
  await pipeline.sync({ source }, { isProjected: false })
  const knowledge = pipeline.knowledge({ source })

  const stale = await knowledge.search({ query: 'platypus' }, admin)
  expect(stale.notices).toEqual(['The word index is 1 changes of source behind.'])
  expect(stale.sources).toMatchObject([{ source: 'source', position: 'read 1' }])
  for (const demand of [{ minPosition: { source: 'read 2' } }, { maxStalenessMs: 600_000 }]) {
    const error = await refusal(knowledge.search({ query: 'platypus', ...demand, waitMs: 300 }, admin))
    expect(error.message).toContain('source has been read so far, but its word index is 1 changes behind')
    expect(error.details).toMatchObject({ sources: [{ waits_for: 'word index', behind: 1, position: 'read 1' }] })
  }

  // Written and not yet visible to searches.
  const { ledger, projection } = pipeline
  const page = await ledger.feedPage({ generation: 1, sourceId: 1, after: 1, limit: 10 })
  await projection.write(1, page.records)
  await ledger.advanceProjection({ projection: projection.name, generation: 1, sourceId: 1, from: 1, feed: page.next })
  const asked = { query: 'platypus', minPosition: { source: 'read 2' }, waitMs: 0 }
  const { hits, notices } = await knowledge.search(asked, admin)
  expect(hits[0]).toMatchObject({ id: 'source:b', legs: { lexical: { rank: 1 } } })
  expect(notices).toEqual([])
})

test('a source that is kept in step is as young as asked, one that is not is named with its age', async () => {
  await using pipeline = await openPipeline()
  const kept = scriptedSource({ a: 'kangaroo' })
  const left = scriptedSource({ b: 'kangaroo' })
  await pipeline.sync({ left })
  await using _ = watch(pipeline, { kept }, ['left'])
  await until(async () => (await pipeline.sources()).length === 2)
  await sleep(2100)
  const knowledge = pipeline.knowledge({ kept, left })
  const asked = { query: 'kangaroo', maxStalenessMs: 2000, waitMs: 3000 }
  const { hits, sources } = await knowledge.search({ ...asked, sources: ['kept'] }, admin)
  expect(hits.map(({ id }) => id)).toEqual(['kept:a'])
  expect(sources[0]?.lag_ms).toBeLessThanOrEqual(5000)
  const error = await refusal(knowledge.search({ ...asked, waitMs: 300 }, admin))
  expect(error.details).toMatchObject({ sources: [{ source: 'left', max_staleness_ms: 2000, waits_for: 'source' }] })
  expect(error.message).toMatch(/left was last in step \d+(?:\.\d)? s ago \(asked for at most 2 s\)/)
  expect(error.message).not.toContain('kept')
})

test('a source that was never read is not young', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'kangaroo' })
  await pipeline.sync({ source })
  const asked = { query: 'kangaroo', maxStalenessMs: 600_000, waitMs: 0 }
  const error = await refusal(pipeline.knowledge({ source, another: scriptedSource() }).search(asked, admin))
  expect(error.message).toContain('another has never been read to its end')
})

test('who cannot see a source learns nothing of where it stands, and does not wait for it', async () => {
  await using pipeline = await openPipeline()
  const open = ordered(scriptedSource({ a: 'kangaroo' }))
  const hidden = ordered(scriptedSource({ b: 'kangaroo' }))
  await pipeline.sync({ hidden }, { acl: { groups: 'staff' } })
  await sleep(1500)
  await pipeline.sync({ open }, { others: ['hidden'] })
  const knowledge = pipeline.knowledge({ open, hidden })
  const young = { query: 'kangaroo', maxStalenessMs: 1400, waitMs: 0 }
  expect((await refusal(knowledge.search(young, admin))).details).toMatchObject({ sources: [{ source: 'hidden' }] })
  const answer = await knowledge.search(young, guest)
  expect(answer.hits.map(({ id }) => id)).toEqual(['open:a'])
  expect(JSON.stringify(answer)).not.toContain('hidden')
  for (const position of ['read 1', 'read 9', 'nonsense']) {
    const asked = { query: 'kangaroo', minPosition: { hidden: position } }
    const error = await refusal(knowledge.search(asked, guest))
    expect(error).toMatchObject({ code: 'SOURCE_UNKNOWN', message: expect.stringContaining('There are: open.') })
    expect(error.message).not.toContain('read')
  }
})

test('what is no position of the source, or of a source that has none, is refused with what would be one', async () => {
  await using pipeline = await openPipeline()
  const source = ordered(scriptedSource({ a: 'kangaroo' }))
  const polled = scriptedSource({ b: 'kangaroo' })
  const knowledge = pipeline.knowledge({ source, polled })
  await pipeline.sync({ source, polled })
  const refused = async (minPosition: Readonly<Record<string, string>>): Promise<AquiferError> =>
    refusal(knowledge.search({ query: 'kangaroo', minPosition }, admin))
  expect(await refused({ source: '0/1A2B3C' })).toMatchObject({
    code: 'POSITION_INVALID',
    message: '"0/1A2B3C" is no position of source source. One of its own is read N.',
  })
  expect(await refused({ polled: 'read 1' })).toMatchObject({
    code: 'POSITION_UNSUPPORTED',
    fix: 'Leave min_position of this source out, and ask with max_staleness_ms.',
  })
  expect(await refused({ elsewhere: 'read 1' })).toMatchObject({ code: 'SOURCE_UNKNOWN' })
})

test('a search that is cancelled stops waiting', async () => {
  await using pipeline = await openPipeline()
  const source = ordered(scriptedSource({ a: 'kangaroo' }))
  await pipeline.sync({ source })
  const stop = new AbortController()
  const asked = { query: 'kangaroo', minPosition: { source: 'read 2' }, waitMs: 60_000 }
  const searching = pipeline.knowledge({ source }).search(asked, admin, stop.signal)
  const began = performance.now()
  setTimeout(() => stop.abort(), 300)
  await expect(searching).rejects.toThrow('aborted')
  expect(performance.now() - began).toBeLessThan(3000)
})
