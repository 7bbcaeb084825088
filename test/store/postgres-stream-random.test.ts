import { expect, test } from 'vitest'
import type { Json } from '../../schemas/record.ts'
import { collect } from '../kit/indexer-reading.ts'
import { openSourceDatabase, type SourceDatabase } from '../kit/postgres-source.ts'
import { createRandom, type Random } from '../kit/random.ts'

const seed = Number(process.env['AQUIFER_SEED'] ?? 20_261_122)
const transactions = 1600
const writers = 4

/** One transaction of several statements, some of which change keys, and some of which are taken back. */
async function writeOnce(run: (sql: string) => Promise<unknown>, random: Random): Promise<void> {
  const id = (): string => String(random.int(1, 60))
  const statements = Array.from({ length: random.int(1, 6) }, () => {
    const kind = random.int(0, 9)
    if (kind < 4)
      return `insert into item values (${id()}, 'text ${id()}', ${id()}) on conflict (id) do update set label = excluded.label`
    if (kind < 6)
      return `update item set size = size + 1, label = repeat('long ', ${String(random.int(1, 3000))}) where id = ${id()}`
    if (kind < 8) return `delete from item where id = ${id()}`
    if (kind < 9)
      return `update item set id = id + 1000 where id = ${id()} and not exists (select from item where id > 1000)`
    return `update item set id = id - 1000 where id > 1000 and not exists (select from item o where o.id = item.id - 1000)`
  })
  try {
    await run('begin')
    for (const statement of statements) await run(statement)
    await run(random.int(0, 9) === 0 ? 'rollback' : 'commit')
  } catch {
    // Two writers of one key: one of them gives up.
    await run('rollback')
  }
}

async function writeAll(database: SourceDatabase, random: Random): Promise<void> {
  const client = await database.connect()
  const rounds = transactions / writers
  for (let round = 0; round < rounds; round += 1) {
    await writeOnce((sql) => client.query(sql), random)
    // These make keys be compared, which would mend what the log told wrongly: so not until the end.
    if (round > rounds / 2) continue
    if (random.int(0, 120) === 0) await client.query('truncate item')
    if (random.int(0, 60) === 0)
      await client.query(`alter table item add column c${String(random.int(0, 1e9))} text default 'new'`)
  }
}

test(`what several writers do while the reader dies again and again ends in step (seed ${String(seed)})`, async () => {
  await using database = await openSourceDatabase('create table item (id int primary key, label text, size int)')
  const random = createRandom(seed)
  const sources = { items: { table: 'item', mode: 'stream' } }
  const held = new Map<string, string>()
  let cursor: Json | undefined
  let unsure = false
  let deaths = 0

  /** As a process would: until it has caught up, or until it dies after so many changes. */
  const readOnce = async (changesToLive: number): Promise<boolean> => {
    await using indexer = await database.open(sources)
    let left = changesToLive
    for await (const change of indexer.changes(cursor === undefined ? {} : { items: cursor })) {
      if (left-- === 0) return false
      if (change.kind === 'put') held.set(change.key, change.digest)
      if (change.kind === 'delete') held.delete(change.key)
      if (change.kind !== 'checkpoint') continue
      cursor = change.cursor
      unsure ||= change.compare === true
    }
    await indexer.committed?.({ items: cursor ?? null })
    if (!unsure) return true
    const there = new Set((await collect(indexer.keys('items', {}, 'keys'))).map(({ key }) => key))
    for (const key of held.keys()) if (!there.has(key)) held.delete(key)
    unsure = false
    return true
  }

  const writing = { is: true }
  const written = Promise.all(
    Array.from({ length: writers }, (_, index) => writeAll(database, createRandom(seed + index + 1))),
  ).finally(() => (writing.is = false))
  while (writing.is) if (!(await readOnce(random.int(0, 40) < 25 ? random.int(1, 60) : Infinity))) deaths += 1
  await written
  expect(await readOnce(Infinity)).toBe(true)
  await using indexer = await database.open(sources)
  const digests = await collect(indexer.keys('items', {}, 'digests'))
  expect(Object.fromEntries([...held].toSorted())).toEqual(
    Object.fromEntries(digests.map(({ key, digest }) => [key, digest] as const).toSorted()),
  )
  expect(deaths).toBeGreaterThan(0)
})
