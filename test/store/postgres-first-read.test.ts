import { expect, test } from 'vitest'
import type { Change, Json } from '../../schemas/record.ts'
import { collect, readChanges } from '../kit/indexer-reading.ts'
import { openSourceDatabase, toReading } from '../kit/postgres-source.ts'
import type { SourceDatabase, SourceInput } from '../kit/postgres-source.ts'

const setup = `create table item (id int primary key, body text not null, changed timestamptz not null default now());
  insert into item select n, 'body ' || n from generate_series(1, 3000) n; analyze item`

/** Reads until the `count`th checkpoint, then dies; answers what was handed over up to it. */
async function readAndDie(
  database: SourceDatabase,
  source: SourceInput,
  count: number,
  saved?: Json,
): Promise<Change[]> {
  const changes: Change[] = []
  await using indexer = await database.open({ source })
  for await (const change of indexer.changes(saved === undefined ? {} : { source: saved })) {
    changes.push(change)
    if (changes.filter(({ kind }) => kind === 'checkpoint').length === count) break
  }
  return changes
}

test('a first read that was killed goes on after its last checkpoint, and ends with what changed since it began', async () => {
  await using database = await openSourceDatabase(setup)
  const source = { table: 'item' }
  const before = toReading(await readAndDie(database, source, 2))
  expect(before.puts.map(({ key }) => Number(key))).toEqual(Array.from({ length: 500 }, (_, at) => at + 1))

  await database.run(`update item set body = 'changed behind' where id = 3`)
  await database.run(`update item set body = 'changed ahead' where id = 2999`)
  await database.run(`insert into item values (-1, 'added behind')`)
  const after = await database.read(source, before.cursor)
  const keys = after.puts.map(({ key }) => Number(key))
  expect(keys.slice(0, 2500)).toEqual(Array.from({ length: 2500 }, (_, at) => at + 501))
  expect(keys.slice(2500).toSorted((a, b) => a - b)).toEqual([-1, 3, 2999])
  expect(after.rows['3']?.['body']).toBe('changed behind')
})

test('a read that nothing can be caught up with after it starts anew when it was killed', async () => {
  await using database = await openSourceDatabase(`${setup}; create view items as select id, body from item`)
  const source = { table: 'items', key: 'id' }
  await using indexer = await database.open({ source })
  const checkpoints = (await collect(indexer.changes({}))).filter(({ kind }) => kind === 'checkpoint')
  expect(checkpoints).toHaveLength(1)
})

test('mode snapshot reads everything each time', async () => {
  await using database = await openSourceDatabase(setup)
  const source = { table: 'item', mode: 'snapshot' }
  const first = await database.read(source)
  const second = await database.read(source, first.cursor)
  expect([first.puts.length, second.puts.length]).toEqual([3000, 3000])
})

test('a partition that is attached is read whole, however old its rows', async () => {
  await using database =
    await openSourceDatabase(`create table log (id int, day date, primary key (id, day)) partition by range (day);
    create table log_1 partition of log for values from ('2024-01-01') to ('2024-02-01');
    create table log_2 (like log including all); insert into log_2 values (7, '2024-02-03'); insert into log values (1, '2024-01-01')`)
  for (const source of [{ table: 'log' }, { table: 'log', cursor: 'day' }]) {
    const first = await database.read(source)
    expect(Object.keys(first.rows)).toEqual(['["1","2024-01-01"]'])
    const quiet = await database.read(source, first.cursor)
    await database.run(`alter table log attach partition log_2 for values from ('2024-02-01') to ('2024-03-01')`)
    const second = await database.read(source, quiet.cursor)
    expect(Object.keys(second.rows)).toContain('["7","2024-02-03"]')
    await database.run('alter table log detach partition log_2')
  }
})

test('a table that takes the place of another under its name is read whole', async () => {
  await using database = await openSourceDatabase(`create table live (id int primary key); insert into live values (1);
    create table next (id int primary key); insert into next values (2)`)
  const first = await database.read({ table: 'live' })
  await database.run('drop table live; alter table next rename to live')
  expect(Object.keys((await database.read({ table: 'live' }, first.cursor)).rows)).toEqual(['2'])
})

test.for([
  ['a column was added', 'alter table item add extra text default 1'],
  ['a column has another type', 'alter table item alter body type varchar(100)'],
] as const)('the history is lost when %s', async ([, sql]) => {
  await using database = await openSourceDatabase(setup)
  const { cursor } = await database.read({ table: 'item' })
  await database.run(sql)
  await using indexer = await database.open({ source: { table: 'item' } })
  await expect(collect(indexer.changes({ source: cursor }))).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
    message: 'Source source: the columns of item, or what is read of it, changed.',
  })
  expect(toReading(await readChanges(indexer, { source: cursor })).puts).toHaveLength(3000)
})

async function failureOf(database: SourceDatabase, source: SourceInput, saved: Json): Promise<unknown> {
  await using indexer = await database.open({ source })
  const outcome = await collect(indexer.changes({ source: saved })).catch((error: unknown) => error)
  return outcome instanceof Error ? outcome.message : outcome
}

test('the history is lost in another database, after a restore, and when something else is read', async () => {
  await using database = await openSourceDatabase(setup)
  await using other = await openSourceDatabase(setup)
  const source = { table: 'item' }
  const { cursor } = await database.read(source)
  expect(await failureOf(other, source, cursor)).toBe(
    'Source source: the database is not the one that was read before.',
  )
  const ahead = { ...(cursor as Record<string, Json>), xmax: '99999999999999' }
  expect(await failureOf(database, source, ahead)).toBe('Source source: the database went back in time.')
  expect(await failureOf(database, { table: 'item', cursor: 'changed' }, cursor)).toBe(
    'Source source: the columns of item, or what is read of it, changed.',
  )
})

test('a column that is altered between two pages ends the read, not the digests', async () => {
  await using database = await openSourceDatabase(setup)
  await using indexer = await database.open({ source: { table: 'item' } })
  const reading = async (): Promise<void> => {
    for await (const change of indexer.changes({})) {
      if (change.kind === 'put' && change.key === '1') await database.run('alter table item add late text')
    }
  }
  await expect(reading()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
})
