import type { Client } from 'pg'
import { expect, test } from 'vitest'
import { xminWhere } from '../../indexers/postgres/plan.ts'
import type { Json } from '../../schemas/record.ts'
import { openSourceDatabase, reader } from '../kit/postgres-source.ts'
import type { SourceDatabase, SourceInput } from '../kit/postgres-source.ts'

const setup = `create table note (id int primary key, body text, changed timestamptz not null default now());
  create index on note (changed);
  insert into note select n, 'old', now() - interval '1 day' from generate_series(1, 20) n;
  grant select on note to ${reader}`

/** Each finds changes in its own way. The overlap is off, so that nothing but the safe value protects the last two. */
const ways: readonly (readonly [string, SourceInput])[] = [
  ['by xmin', { table: 'note' }],
  ['by a cursor column', { table: 'note', cursor: 'changed', overlap: '0s' }],
  ['by the cursor of a query', { query: 'select * from note', key: 'id', cursor: 'changed', overlap: '0s' }],
]

/** One read, as `key body` of the rows that somebody wrote. */
async function readNews(
  database: SourceDatabase,
  source: SourceInput,
  cursor: Json,
): Promise<{ news: string[]; cursor: Json }> {
  const { puts, cursor: next } = await database.read(source, cursor)
  const news = puts.flatMap((put) => {
    const body = put.content.kind === 'row' ? put.content.row['body'] : undefined
    return typeof body === 'string' && body !== 'old' ? [`${put.key} ${body}`] : []
  })
  return { news: news.toSorted(), cursor: next }
}

/** Reads twice, so that a way that begins with whole reads while others write is past them. */
async function settleDown(database: SourceDatabase, source: SourceInput): Promise<Json> {
  const first = await database.read(source)
  return (await database.read(source, first.cursor)).cursor
}

const write = (client: Client, id: number, body: string): Promise<unknown> =>
  client.query('update note set body = $2, changed = now() where id = $1', [id, body])

test.for(ways)('%s, what commits after later changes were read is read', async ([, source]) => {
  await using database = await openSourceDatabase(setup)
  const [early, late] = [await database.connect(), await database.connect()]
  let cursor = await settleDown(database, source)

  await early.query('begin')
  await write(early, 1, 'early')
  await write(late, 2, 'late')
  const between = await readNews(database, source, cursor)
  expect(between.news).toEqual(['2 late'])
  const waiting = await readNews(database, source, between.cursor)
  await early.query('commit')

  const after = await readNews(database, source, waiting.cursor)
  expect(after.news).toContain('1 early')
  cursor = (await readNews(database, source, after.cursor)).cursor
  expect((await readNews(database, source, cursor)).news).not.toContain('1 early')
})

test.for(ways)(
  '%s, a transaction that took its time long before it wrote anything is not missed',
  async ([, source]) => {
    await using database = await openSourceDatabase(setup)
    const [early, late] = [await database.connect(), await database.connect()]
    const cursor = await settleDown(database, source)

    // It has no transaction id yet, so that no snapshot knows of it.
    await early.query('begin')
    await early.query('select now()')
    await write(late, 2, 'late')
    const first = await readNews(database, source, cursor)
    const second = await readNews(database, source, first.cursor)
    await write(early, 1, 'early')
    await early.query('commit')

    expect((await readNews(database, source, second.cursor)).news).toContain('1 early')
  },
)

test.for(ways)('%s, rows written by a subtransaction are not missed', async ([, source]) => {
  await using database = await openSourceDatabase(setup)
  const [early, late] = [await database.connect(), await database.connect()]
  const cursor = await settleDown(database, source)

  await early.query('begin')
  await write(early, 1, 'early')
  await early.query('savepoint inner_part')
  await write(early, 3, 'inner')
  await early.query('release inner_part')
  await early.query('savepoint undone')
  await write(early, 4, 'undone')
  await early.query('rollback to undone')
  await write(late, 2, 'late')
  const first = await readNews(database, source, cursor)
  await early.query('commit')

  expect((await readNews(database, source, first.cursor)).news).toEqual(expect.arrayContaining(['1 early', '3 inner']))
})

test.for(ways)('%s, what waits for its COMMIT PREPARED is not missed', async ([, source], { skip }) => {
  await using database = await openSourceDatabase(setup)
  const [allowed] = await database.run('show max_prepared_transactions')
  skip(allowed?.['max_prepared_transactions'] === '0', 'this server has max_prepared_transactions = 0')
  const [early, late] = [await database.connect(), await database.connect()]
  const cursor = await settleDown(database, source)

  await early.query('begin')
  await early.query('select now()')
  await write(late, 2, 'late')
  const first = await readNews(database, source, cursor)
  await write(early, 1, 'early')
  await early.query(`prepare transaction 'late one'`)
  const second = await readNews(database, source, first.cursor)
  await write(late, 5, 'later')
  const third = await readNews(database, source, second.cursor)
  await early.query(`commit prepared 'late one'`)

  expect((await readNews(database, source, third.cursor)).news).toContain('1 early')
})

test.for(ways.slice(1))('%s, rows without a value and rows of the same value are not lost', async ([, source]) => {
  await using database = await openSourceDatabase(`${setup}; alter table note alter changed drop not null`)
  await database.run(`update note set changed = '2024-01-01' where id <= 3`)
  const cursor = await settleDown(database, source)
  await database.run(`update note set body = 'same', changed = (select max(changed) from note) where id = 1`)
  await database.run(`update note set body = 'none', changed = null where id = 2`)
  const first = await readNews(database, source, cursor)
  expect(first.news).toEqual(['1 same', '2 none'])
  await database.run(`update note set body = 'none again' where id = 2`)
  expect((await readNews(database, source, first.cursor)).news).toContain('2 none again')
})

test.for(ways.slice(1))('%s, a value out of this world does not end the reading', async ([, source]) => {
  await using database = await openSourceDatabase(setup)
  let cursor = await settleDown(database, source)
  await database.run(`update note set changed = 'infinity' where id = 1`)
  await database.run(`update note set changed = '2999-12-31' where id = 2`)
  cursor = await settleDown(database, source)
  await database.run(`update note set body = 'new', changed = now() where id = 3`)
  expect((await readNews(database, source, cursor)).news).toEqual(['3 new'])
})

test('the overlap reads again what lies shortly before the cursor, for writers whose clock is behind', async () => {
  await using database = await openSourceDatabase(setup)
  const source = { table: 'note', cursor: 'changed' }
  const cursor = await settleDown(database, source)
  await database.run(`update note set body = 'on time', changed = now() where id = 1`)
  const first = await readNews(database, source, cursor)
  const second = await readNews(database, source, first.cursor)
  await database.run(`update note set body = 'behind', changed = now() - interval '50 seconds' where id = 2`)
  expect((await readNews(database, source, second.cursor)).news).toContain('2 behind')
})

test('a row is found by the half of the transaction id that it keeps, also where the halves start over', async () => {
  await using database = await openSourceDatabase()
  const turn = 2 ** 32
  // [transaction that wrote the row, lowest not yet ended then, next one now, found]
  const cases: readonly (readonly [number, number, number, boolean])[] = [
    [turn - 11, turn - 10, turn + 10, false],
    [turn - 10, turn - 10, turn + 10, true],
    [turn + 5, turn - 10, turn + 10, true],
    [3 * turn + 1000, 3 * turn + 1000, 3 * turn + 1001, true],
    [3 * turn + 999, 3 * turn + 1000, 3 * turn + 1001, false],
    [2 * turn + 500, 3 * turn + 1000, 3 * turn + 1001, false],
    [5, 10, 3 * turn, true],
  ]
  const outcomes: unknown[] = []
  for (const [writer, since, until] of cases) {
    const { where, values } = xminWhere(String(since), String(until))
    const sql = where.replaceAll('q.xmin::text', `'${writer % turn}'`)
    outcomes.push((await database.run(`select ${sql} as found`, values))[0]?.['found'])
  }
  expect(outcomes).toEqual(cases.map(([, , , found]) => found))
})

/** Numbers that look random and are the same every time. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test.for(ways.flatMap(([way, source]) => [11, 12, 13].map((seed) => [way, seed, source] as const)))(
  '%s, nothing is lost whatever four writers do (seed %d)',
  async ([, seed, source]) => {
    await using database = await openSourceDatabase(setup)
    const random = randomOf(seed)
    const writers = await Promise.all([1, 2, 3, 4].map(() => database.connect()))
    const open = new Set<number>()
    const held = new Map<string, string>()
    let cursor: Json | undefined
    const read = async (): Promise<void> => {
      const reading = await database.read(source, cursor)
      cursor = reading.cursor
      for (const put of reading.puts) held.set(put.key, put.digest)
    }
    for (let step = 0; step < 150; step += 1) {
      const at = random(4)
      const client = writers[at]
      if (client === undefined) continue
      const what = random(10)
      if (!open.has(at)) {
        await client.query('begin')
        open.add(at)
      } else if (what < 5) {
        // Each writer has rows of its own, so that none waits for another.
        await client.query('savepoint s')
        await client.query(
          `insert into note values ($1, $2, now()) on conflict (id) do update set body = excluded.body, changed = now()`,
          [at * 100 + random(10) + 100, `step ${step}`],
        )
        if (random(4) === 0) await client.query('rollback to s')
      } else if (what < 8) {
        await client.query(random(5) === 0 ? 'rollback' : 'commit')
        open.delete(at)
      }
      if (random(4) === 0) await read()
    }
    for (const at of open) await writers[at]?.query('commit')
    await read()
    await using indexer = await database.open({ source })
    const there = new Map<string, string | undefined>()
    for await (const { key, digest } of indexer.keys('source', {}, 'digests')) there.set(key, digest)
    expect(Object.fromEntries(held)).toEqual(Object.fromEntries(there))
  },
)
