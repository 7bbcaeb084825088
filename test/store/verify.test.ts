import { expect, test, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import type { LexicalProjection } from '../../src/core/lexical.ts'
import { verifyWatch } from '../../src/pipeline/verify/verify-watch.ts'
import type { VerifyOutcome } from '../../src/pipeline/verify/verify.ts'
import { loggedSource } from '../kit/logged-source.ts'
import { until } from '../kit/until.ts'
import { openVerifyStand, type VerifyStand } from '../kit/verify-stand.ts'
import { allAtOnce } from '../../src/core/turns.ts'

vi.setConfig({ testTimeout: 240_000 })

/** `key store what kind`, in order. */
function named({ differences }: VerifyOutcome): readonly string[] {
  return differences.map(({ key, store, what, kind }) => `${key} ${store} ${what} ${kind}`).toSorted()
}

function items(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`k${String(at).padStart(4, '0')}`, `words of number ${String(at)}`]),
  )
}

/** Everything is as it ought to be, and stays so. */
async function expectInStep(stand: VerifyStand, sources: Parameters<VerifyStand['verify']>[0]): Promise<void> {
  const outcome = await stand.verify(sources)
  expect(named(outcome)).toEqual([])
  expect(outcome).toMatchObject({ found: 0, remaining: 0, complete: true, lexicalError: undefined })
  for (const { error } of outcome.sources) expect(error).toBeUndefined()
}

const chunkOf = (key: string): string =>
  `(select c.id from chunk_1 c join record r on r.id = c.id / 65536 where r.key = '${key}' order by c.ordinal limit 1)`

const ledgerDamage = [
  `update record set text = 'forged' where key = 'k0001'`,
  `update record set acl = '{everyone}' where key = 'k0002'`,
  `delete from record where key = 'k0003'`,
  `insert into record select (r).* from (select jsonb_populate_record(r, '{"id": 900000, "key": "k0003x"}') as r from record r where key = 'k0004') t`,
  `update chunk_1 set text = 'forged' where id = ${chunkOf('k0005')}`,
  `delete from chunk_1 where id = ${chunkOf('k0006')}`,
  `update vector_1 set v = array_fill(1, array[8])::vector where id = ${chunkOf('k0007')}`,
  `update fresh_1 set v = array_fill(1, array[8])::vector where id = ${chunkOf('k0007')}`,
  `delete from vector_1 where id = ${chunkOf('k0008')}`,
  `delete from fresh_1 where id = ${chunkOf('k0008')}`,
  `update vector_1 set v = array_fill(0, array[8])::vector where id = ${chunkOf('k0009')}`,
  `update fresh_1 set v = array_fill(0, array[8])::vector where id = ${chunkOf('k0009')}`,
  `insert into chunk_1 select id + 7, 7, language, hash, header, 'one too many' from chunk_1 where id = ${chunkOf('k0010')}`,
  `update record set digest = 'another' where key = 'k0011'`,
]

const ledgerNames = [
  'k0001 ledger record different',
  'k0002 ledger record different',
  'k0003 ledger record missing',
  'k0003x ledger passage missing',
  'k0003x ledger record extra',
  'k0005 ledger passage different',
  'k0006 ledger passage missing',
  'k0006 vectors vector extra',
  'k0007 vectors vector different',
  'k0008 vectors vector missing',
  'k0009 vectors vector different',
  'k0010 ledger passage extra',
  'k0011 ledger record different',
]

test.each(['standard', 'embedded'] as const)(
  'what was altered, removed and added in the ledger behind our back is named and mended (%s)',
  async (kind) => {
    await using stand = await openVerifyStand(kind)
    const notes = loggedSource(items(30))
    await stand.sync({ notes })
    await expectInStep(stand, { notes })
    let lost = 0
    await stand.behindLedger(async (sql) => {
      const [row] = await sql.query<{ id: string }>(`select id from record where key = 'k0003'`)
      lost = Number(row?.id) * 65_536
      for (const statement of ledgerDamage) await sql.query(statement)
    })
    const outcome = await stand.verify({ notes }, { repair: true })
    const strays = [`chunk ${String(lost)} ledger passage extra`]
    expect(named(outcome).filter((one) => !one.includes(' lexical '))).toEqual([...strays, ...ledgerNames].toSorted())
    expect(outcome).toMatchObject({ remaining: 0, complete: true })
    await expectInStep(stand, { notes })
    expect((await stand.context.ledger.status()).sources).toMatchObject([{ records: 30, chunks: 30 }])
    const everything = { readable: undefined, sources: undefined, facets: [] }
    const chunks = await stand.context.ledger.readChunks({
      chunks: [...Array(40).keys()].map((id) => id * 65_536),
      filter: everything,
    })
    expect(chunks.map(({ text }) => text).includes('forged')).toBe(false)
    expect(chunks.filter(({ key }) => key === 'k0001').map(({ text }) => text)).toEqual(['words of number 1'])
  },
)

async function idOf(stand: VerifyStand, key: string): Promise<number> {
  let id = 0
  await stand.behindLedger(async (sql) => {
    const [row] = await sql.query<{ id: string }>(`select id from record where key = $1`, [key])
    id = Number(row?.id) * 65_536
  })
  return id
}

test('what was altered, removed and added in Elasticsearch behind our back is named and mended', async () => {
  await using stand = await openVerifyStand('standard')
  const notes = loggedSource(items(2500))
  await stand.sync({ notes })
  await expectInStep(stand, { notes })
  const update = async (key: string, doc: object): Promise<unknown> =>
    stand.behindWords(`/{index}/_update/${String(await idOf(stand, key))}`, { doc })
  await update('k0001', { body: 'forged words' })
  await update('k0002', { acl: ['everyone'] })
  await update('k0003', { deleted: true })
  await update('k0004', { feed: 1_000_000 })
  await update('k0005', { facets: ['readers=nobody'] })
  // The same content again under a version that a later change would lose against.
  for (let times = 1; times <= 30; times++)
    await update('k2499', { body: times === 30 ? 'Title\nwords of number 2499' : `x ${String(times)}` })
  await stand.behindWords(`/{index}/_doc/${String(await idOf(stand, 'k0007'))}`, undefined, 'DELETE')
  const document = { chunk: 900_000 * 65_536, record: 900_000, source: 'notes', source_id: 1, feed: 1 }
  const extra = { ...document, acl: ['everyone'], facets: [], deleted: false, body: 'a ghost' }
  await stand.behindWords(`/{index}/_doc/${String(document.chunk)}`, extra)
  const second = (await idOf(stand, 'k0008')) + 5
  await stand.behindWords(`/{index}/_doc/${String(second)}`, {
    ...extra,
    chunk: second,
    record: Math.floor(second / 65_536),
  })
  await stand.behindWords(`/{index}/_refresh`)

  const expected = [
    'chunk 58982400000 lexical document extra',
    ...['k0001', 'k0002', 'k0004', 'k0005', 'k2499'].map((key) => `${key} lexical document different`),
    'k0003 lexical document missing',
    'k0007 lexical document missing',
    'k0008 lexical document extra',
  ]
  expect(named(await stand.verify({ notes }))).toEqual(expected.toSorted())
  const outcome = await stand.verify({ notes }, { repair: true })
  expect(named(outcome)).toEqual(expected.toSorted())
  expect(outcome).toMatchObject({ found: expected.length, remaining: 0, complete: true })
  await expectInStep(stand, { notes })
  notes.set('k2499', 'changed later')
  await stand.sync({ notes })
  const everything = { readable: undefined, sources: undefined, facets: [] }
  const found = await stand.context.projection?.search({ text: 'ghost forged later', filter: everything, limit: 10 })
  expect(found?.map(({ chunk }) => chunk)).toEqual([await idOf(stand, 'k2499')])
  await expectInStep(stand, { notes })
})

test('a sync that runs meanwhile causes no false report, and what differs is found beside it', async () => {
  await using stand = await openVerifyStand('standard')
  const notes = loggedSource(items(300))
  await stand.sync({ notes })
  await stand.behindLedger((sql) => sql.query(`delete from record where key = 'k0100'`))
  const stop = new AbortController()
  const watching = stand.sync({ notes }, { watch: allAtOnce, signal: stop.signal })
  let writes = 0
  const writing = (async () => {
    for (; !stop.signal.aborted; await systemClock.sleep(2)) {
      const at = writes++ % 199
      const key = `k${String(at + 101).padStart(4, '0')}`
      if (writes % 7 === 0) notes.delete(key)
      else notes.set(key, `words of write ${String(writes)}`)
    }
  })()
  notes.beforeKey = () => systemClock.sleep(1)
  const looked = await stand.verify({ notes }, { reads: 'elsewhere' })
  expect(named(looked).filter((one) => !one.startsWith('chunk '))).toEqual(['k0100 ledger record missing'])
  const outcome = await stand.verify({ notes }, { repair: true, reads: 'elsewhere' })
  expect(named(outcome).filter((one) => !one.startsWith('chunk '))).toEqual(['k0100 ledger record missing'])
  expect(outcome.remaining).toBe(0)
  stop.abort()
  await Promise.all([watching, writing])
  expect(writes).toBeGreaterThan(300)
  expect(notes.fullReads).toBe(2)
  notes.beforeKey = () => {}
  await expectInStep(stand, { notes })
})

test('what the source has and the ledger has not read yet is read first, and no difference', async () => {
  await using stand = await openVerifyStand('standard')
  const notes = loggedSource(items(20))
  await stand.sync({ notes })
  notes.set('k0001', 'changed')
  notes.set('new', 'born')
  notes.delete('k0002')
  const outcome = await stand.verify({ notes })
  expect(outcome).toMatchObject({ found: 0, complete: true, sources: [{ behind: 3, records: 20 }] })
})

test('what could not be processed is told as such, and is no difference', async () => {
  await using stand = await openVerifyStand('standard')
  const notes = loggedSource(items(20))
  notes.rejected.add('k0003').add('k0004')
  await stand.sync({ notes })
  const outcome = await stand.verify({ notes }, { repair: true })
  expect(outcome).toMatchObject({ found: 0, complete: true, sources: [{ deadLetters: 2, records: 18 }] })
})

test('a source that cannot list its keys is verified as far as it goes, and said to be', async () => {
  await using stand = await openVerifyStand('standard')
  const notes = loggedSource(items(20))
  await stand.sync({ notes })
  await stand.behindLedger((sql) => sql.query(`update record set title = 'forged' where key = 'k0003'`))
  notes.beforeKey = () => {
    throw new AquiferError('SOURCE_KEYS_UNKNOWN', 'It cannot tell.')
  }
  const outcome = await stand.verify({ notes }, { repair: true })
  expect(named(outcome)).toEqual(['k0003 ledger record different'])
  expect(outcome).toMatchObject({ remaining: 0, complete: true, sources: [{ isBlind: true }] })
})

test.each(['standard', 'embedded'] as const)(
  'a vector that came with its row is compared with what came (%s)',
  async (kind) => {
    await using stand = await openVerifyStand(kind, { mapping: { vector: 'vector' } })
    const notes = loggedSource(items(20))
    await stand.sync({ notes })
    await expectInStep(stand, { notes })
    await stand.behindLedger(async (sql) => {
      for (const table of ['vector_1', 'fresh_1']) {
        await sql.query(`update ${table} set v = array_fill(1, array[8])::vector where id = ${chunkOf('k0007')}`)
        await sql.query(`delete from ${table} where id = ${chunkOf('k0008')}`)
      }
    })
    const outcome = await stand.verify({ notes }, { repair: true })
    expect(named(outcome)).toEqual(['k0007 vectors vector different', 'k0008 vectors vector missing'])
    expect(outcome.remaining).toBe(0)
    expect(stand.embedded).toEqual([])
    await expectInStep(stand, { notes })
  },
)

test('vectors are mended from those already paid for, and only what is nowhere is embedded again', async () => {
  await using stand = await openVerifyStand('standard')
  const notes = loggedSource(items(20))
  await stand.sync({ notes })
  stand.embedded.length = 0
  await stand.behindLedger(async (sql) => {
    await sql.query(`delete from vector_1 where id in (${chunkOf('k0007')}, ${chunkOf('k0008')})`)
    await sql.query(`delete from embedding where hash = (select hash from chunk_1 where id = ${chunkOf('k0008')})`)
  })
  const outcome = await stand.verify({ notes }, { repair: true })
  expect(named(outcome)).toEqual(['k0007 vectors vector missing', 'k0008 vectors vector missing'])
  expect(outcome.remaining).toBe(0)
  expect(stand.embedded).toEqual(['Title\nwords of number 8'])
})

test('one source can be verified by itself, and what it finds is noted with it', async () => {
  await using stand = await openVerifyStand('standard')
  const notes = loggedSource(items(20))
  const others = loggedSource({ other: 'of another source' })
  await stand.sync({ notes, others })
  await stand.behindLedger((sql) => sql.query(`update chunk_1 set text = 'forged'`))
  const outcome = await stand.verify(
    { others },
    { repair: true, configured: stand.options({ notes, others }).configured },
  )
  expect(named(outcome).every((one) => one.startsWith('other '))).toBe(true)
  expect(outcome.remaining).toBe(0)
  const { sources } = await stand.context.ledger.status()
  expect(sources.map(({ name, verified }) => [name, verified?.mended, verified?.complete])).toEqual([
    ['notes', undefined, undefined],
    ['others', outcome.found, true],
  ])
})

test('a watch verifies slowly beside itself and mends what it finds', async () => {
  await using stand = await openVerifyStand('standard')
  const notes = loggedSource(items(50))
  await stand.sync({ notes })
  await stand.behindLedger((sql) => sql.query(`update record set acl = '{everyone}' where key = 'k0003'`))
  const stop = new AbortController()
  const results: VerifyOutcome[] = []
  const { settings, ...common } = stand.options({ notes })
  const watching = stand.sync({ notes }, { watch: allAtOnce, signal: stop.signal })
  const verifying = verifyWatch(stand.context, {
    ...common,
    settings: async () => settings,
    everyMs: 1000,
    signal: stop.signal,
    onResult: (outcome) => void results.push(outcome),
  })
  await until(async () => results.length >= 2, 120_000)
  stop.abort()
  await Promise.all([watching, verifying])
  const [first, second] = results
  if (first === undefined || second === undefined) throw new Error('it did not verify twice')
  expect(named(first)).toEqual(['k0003 ledger record different'])
  expect([first.remaining, second.found]).toEqual([0, 0])
  await expectInStep(stand, { notes })
})

test('every store is read in pages, however much it holds', async () => {
  await using stand = await openVerifyStand('standard')
  const notes = loggedSource(items(2500))
  await stand.sync({ notes })
  // The store holds far more in one place than the ledger has in a page.
  const ghosts = Array.from({ length: 2500 }, (_, at) => 900_000 * 65_536 + at)
  const lines = ghosts.flatMap((chunk) => [
    { index: { _id: String(chunk) } },
    {
      chunk,
      record: 900_000,
      source: 'notes',
      source_id: 1,
      feed: 1,
      acl: [],
      facets: [],
      deleted: false,
      body: 'ghost',
    },
  ])
  await stand.bulkWords(lines)
  const pages = { records: 0, keys: 0, digests: 0, documents: 0 }
  const { ledger, projection } = stand.context
  if (projection === undefined) throw new Error('there is no projection')
  const note = <T extends readonly unknown[]>(what: keyof typeof pages, page: T): T => {
    pages[what] = Math.max(pages[what], page.length)
    return page
  }
  const watched = {
    ...stand.context,
    ledger: {
      ...ledger,
      readRecords: async (args: Parameters<Ledger['readRecords']>[0]) => {
        const page = await ledger.readRecords(args)
        note('records', page.records)
        return page
      },
      liveKeys: async (args: Parameters<Ledger['liveKeys']>[0]) => note('keys', await ledger.liveKeys(args)),
      digestsOfChunks: async (args: Parameters<Ledger['digestsOfChunks']>[0]) =>
        note('digests', await ledger.digestsOfChunks(args)),
    },
    projection: {
      ...projection,
      documents: async (args: Parameters<LexicalProjection['documents']>[0]) =>
        note('documents', await projection.documents(args)),
    },
  }
  const outcome = await stand.verify({ notes }, { repair: true }, watched)
  expect(outcome).toMatchObject({ found: 2500, remaining: 0, complete: true })
  expect(outcome.differences).toHaveLength(1000)
  expect(pages).toEqual({ records: 300, keys: 2000, digests: expect.any(Number), documents: 2000 })
  expect(pages.digests).toBeLessThanOrEqual(2000)
})
