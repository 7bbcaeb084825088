import { expect, test, vi } from 'vitest'
import type { VerifyOutcome } from '../../src/pipeline/verify/verify.ts'
import { loggedSource } from '../kit/logged-source.ts'
import { openVerifyStand, type VerifyStand } from '../kit/verify-stand.ts'

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
    const ofLedger = (one: string): boolean => !one.includes(' lexical ')
    expect(named(outcome).filter(ofLedger)).toEqual([...strays, ...ledgerNames].toSorted())
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
  for (let times = 0; times < 3; times++)
    await update('k0006', { body: times === 2 ? 'Title\nwords of number 6' : 'x' })
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
    ...['k0001', 'k0002', 'k0004', 'k0005', 'k0006'].map((key) => `${key} lexical document different`),
    'k0003 lexical document missing',
    'k0007 lexical document missing',
    'k0008 lexical document extra',
  ]
  expect(named(await stand.verify({ notes }))).toEqual(expected.toSorted())
  const outcome = await stand.verify({ notes }, { repair: true })
  expect(named(outcome)).toEqual(expected.toSorted())
  expect(outcome).toMatchObject({ found: expected.length, remaining: 0, complete: true })
  await expectInStep(stand, { notes })
  notes.set('k0006', 'changed later')
  await stand.sync({ notes })
  const everything = { readable: undefined, sources: undefined, facets: [] }
  const found = await stand.context.projection?.search({ text: 'ghost forged later', filter: everything, limit: 10 })
  expect(found?.map(({ chunk }) => chunk)).toEqual([await idOf(stand, 'k0006')])
  await expectInStep(stand, { notes })
})
