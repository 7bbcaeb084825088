import { expect, test } from 'vitest'
import type { Json } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { collect } from '../kit/indexer-reading.ts'
import { openSourceDatabase, type SourceDatabase } from '../kit/postgres-source.ts'
import { createRandom, type Random } from '../kit/random.ts'

const seed = Number(process.env['AQUIFER_SEED'] ?? 20_261_122)
const transactions = 1600
const writers = 4

/** One transaction of several statements, some of which change keys, and some of which are taken back. */
async function writeOnce(run: (sql: string) => Promise<unknown>, random: Random, mostId = 60): Promise<void> {
  const id = (): string => String(random.int(1, mostId))
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
  // Postgres itself may fail to decode a new slot's log while tables are emptied: then everything is read again.
  const tryOnce = (changesToLive: number): Promise<boolean> =>
    readOnce(changesToLive).catch((error: unknown) => {
      if (!(error instanceof AquiferError) || error.code !== 'CURSOR_EXPIRED') throw error
      cursor = undefined
      unsure = true
      return false
    })
  while (writing.is) if (!(await tryOnce(random.int(0, 40) < 25 ? random.int(1, 60) : Infinity))) deaths += 1
  await written
  expect(await readOnce(Infinity)).toBe(true)
  await using indexer = await database.open(sources)
  const digests = await collect(indexer.keys('items', {}, 'digests'))
  expect(Object.fromEntries([...held].toSorted())).toEqual(
    Object.fromEntries(digests.map(({ key, digest }) => [key, digest] as const).toSorted()),
  )
  expect(deaths).toBeGreaterThan(0)
})

const rows = 4000

test(`a first read that dies again and again while others write misses nothing, and compares no keys (seed ${String(seed)})`, async () => {
  await using database = await openSourceDatabase(`create table item (id int primary key, label text, size int);
    insert into item select i + 2000, 'row ' || i, i from generate_series(1, ${String(rows)}) i`)
  const random = createRandom(seed)
  const sources = { items: { table: 'item', mode: 'stream' } }
  const held = new Map<string, string>()
  let cursor: Json | undefined
  let deaths = 0

  const readOnce = async (changesToLive: number): Promise<boolean> => {
    await using indexer = await database.open(sources)
    let left = changesToLive
    for await (const change of indexer.changes(cursor === undefined ? {} : { items: cursor })) {
      if (left-- === 0) return false
      if (change.kind === 'put') held.set(change.key, change.digest)
      if (change.kind === 'delete') held.delete(change.key)
      if (change.kind !== 'checkpoint') continue
      cursor = change.cursor
      await indexer.committed?.({ items: cursor })
    }
    return true
  }

  const writing = { is: true }
  const written = Promise.all(
    Array.from({ length: writers }, async (_, index) => {
      const client = await database.connect()
      const own = createRandom(seed + index + 1)
      while (writing.is) await writeOnce((sql) => client.query(sql), own, 2000 + rows)
    }),
  )
  // Deleting everywhere in the table, and moving keys from the end to the front of it, that the read has passed.
  while (!(await readOnce(deaths < 12 ? random.int(100, 900) : Infinity))) {
    deaths += 1
    // What comes before a first checkpoint is compared, whatever follows: it does not count here.
    if (cursor === undefined) held.clear()
  }
  writing.is = false
  await written
  expect(await readOnce(Infinity)).toBe(true)
  await using indexer = await database.open(sources)
  const digests = await collect(indexer.keys('items', {}, 'digests'))
  expect(Object.fromEntries([...held].toSorted())).toEqual(
    Object.fromEntries(digests.map(({ key, digest }) => [key, digest] as const).toSorted()),
  )
  expect(deaths).toBeGreaterThan(3)
})
