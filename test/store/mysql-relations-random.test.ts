import { expect, test } from 'vitest'
import type { Json } from '../../schemas/record.ts'
import { collect } from '../kit/indexer-reading.ts'
import { withMariadb } from '../kit/mariadb-databases.ts'
import { openMysqlDatabase, type MysqlDatabase } from '../kit/mysql-source.ts'
import { createRandom, type Random } from '../kit/random.ts'

const seed = Number(process.env['AQUIFER_SEED'] ?? 20_261_123)
const transactions = 600
const writers = 3

// Without foreign keys, rows may refer to what is not there yet, or no more.
const tables = `
  create table team (id int primary key, name varchar(50)) engine=innodb;
  create table item (id int primary key, label varchar(50), home int) engine=innodb;
  create table tag (id int primary key, word varchar(50)) engine=innodb;
  create table item_tag (item int, tag int, primary key (item, tag)) engine=innodb;
  create table note (id int primary key, item int, words varchar(50)) engine=innodb;
  create table reply (id int primary key, note int, writer int) engine=innodb;
  create table author (id int primary key, name varchar(50), home int) engine=innodb`

const source = {
  table: 'item',
  with: {
    team: { table: 'team', via: 'home' },
    tags: { table: 'tag', through: { table: 'item_tag', via: 'item', to: 'tag' } },
    notes: {
      table: 'note',
      via: 'item',
      as: 'array',
      order: 'words desc',
      with: {
        replies: {
          table: 'reply',
          via: 'note',
          as: 'array',
          with: {
            author: {
              table: 'author',
              via: 'writer',
              with: { team: { table: 'team', via: 'home', columns: ['name'] } },
            },
          },
        },
      },
    },
  },
} as const

const pick = <T>(random: Random, items: readonly [T, ...T[]]): T => items[random.int(0, items.length - 1)] ?? items[0]

function statement(random: Random): string {
  const id = (): string => String(random.int(1, 30))
  const some = (): string => (random.int(0, 7) === 0 ? 'null' : id())
  const word = (): string => `'word ${id()}'`
  const kinds: readonly [() => string, ...(() => string)[]] = [
    () => `replace into item values (${id()}, ${word()}, ${some()})`,
    () => `replace into team values (${id()}, ${word()})`,
    () => `insert into tag values (${id()}, ${word()}) on duplicate key update word = values(word)`,
    () => `replace into note values (${id()}, ${some()}, ${word()})`,
    () => `replace into reply values (${id()}, ${some()}, ${some()})`,
    () => `replace into author values (${id()}, ${word()}, ${some()})`,
    () => `insert ignore into item_tag values (${id()}, ${id()})`,
    () => `update ignore item_tag set item = ${id()} where item = ${id()}`,
    () => `delete from item_tag where ${pick(random, ['item', 'tag'])} = ${id()}`,
    () => `delete from ${pick(random, ['item', 'team', 'tag', 'note', 'reply', 'author'])} where id = ${id()}`,
    () => `update note set item = ${id()} where item = ${id()}`,
    () => `update ${pick(random, ['item', 'team', 'tag', 'note', 'author'])} set id = id + 100 where id = ${id()}`,
    () => `update team set name = concat(left(name, 20), '.') where id = ${id()}`,
  ]
  return pick(random, kinds)()
}

async function writeAll(database: MysqlDatabase, random: Random): Promise<void> {
  await withMariadb(database.writerUrl, async (run) => {
    for (let left = transactions / writers; left > 0; left -= 1) {
      try {
        await run('start transaction')
        for (let more = random.int(1, 5); more > 0; more -= 1) await run(statement(random))
        await run(random.int(0, 9) === 0 ? 'rollback' : 'commit')
      } catch {
        // Two writers of one row, or a key that is taken: one of them gives up.
        await run('rollback')
      }
    }
  })
}

const rowsOf = async (database: MysqlDatabase, sql: string): Promise<readonly Row[]> =>
  (await database.run(sql)) as readonly Row[]
type Row = Readonly<Record<string, string | number | null>>

/** What the records are to be, from the tables as they are, without the indexer. */
async function expectedRows(database: MysqlDatabase): Promise<Record<string, unknown>> {
  const [items, teams, tags, pairs, notes, replies, authors] = [
    await rowsOf(database, 'select * from item'),
    await rowsOf(database, 'select * from team'),
    await rowsOf(database, 'select * from tag order by id'),
    await rowsOf(database, 'select * from item_tag'),
    await rowsOf(database, 'select * from note order by words desc, id'),
    await rowsOf(database, 'select * from reply order by id'),
    await rowsOf(database, 'select * from author'),
  ]
  const teamOf = (home: unknown): Row | null => teams.find(({ id }) => id === home) ?? null
  const authorOf = (writer: unknown): unknown => {
    const author = authors.find(({ id }) => id === writer)
    if (author === undefined) return null
    const team = teamOf(author['home'])
    return { ...author, team: team === null ? null : { name: team['name'] } }
  }
  return Object.fromEntries(
    items.map((item) => [
      String(item['id']),
      {
        ...item,
        team: teamOf(item['home']),
        tags: tags.filter(({ id }) => pairs.some((pair) => pair['item'] === item['id'] && pair['tag'] === id)),
        notes: notes
          .filter((note) => note['item'] === item['id'])
          .map((note) => ({
            ...note,
            replies: replies
              .filter((reply) => reply['note'] === note['id'])
              .map((reply) => ({ ...reply, author: authorOf(reply['writer']) })),
          })),
      },
    ]),
  )
}

test(`records of several tables end in step, whatever several writers do while the reader dies (seed ${String(seed)})`, async () => {
  await using database = await openMysqlDatabase(tables)
  const random = createRandom(seed)
  const held = new Map<string, Json>()
  const digests = new Map<string, string | undefined>()
  let cursor: Json | undefined
  let deaths = 0

  /** As a process would: until it has caught up, or until it dies after so many changes. */
  const readOnce = async (changesToLive: number): Promise<boolean> => {
    await using indexer = await database.open({ items: source })
    let left = changesToLive
    for await (const change of indexer.changes(cursor === undefined ? {} : { items: cursor })) {
      if (left-- === 0) return false
      if (change.kind === 'put') {
        held.set(change.key, change.content.kind === 'row' ? change.content.row : null)
        digests.set(change.key, change.digest)
      }
      if (change.kind === 'delete') held.delete(change.key)
      if (change.kind === 'checkpoint') cursor = change.cursor
    }
    return true
  }

  await readOnce(Infinity)
  const writing = { is: true }
  const written = Promise.all(
    Array.from({ length: writers }, (_, index) => writeAll(database, createRandom(seed + index + 1))),
  ).finally(() => (writing.is = false))
  while (writing.is) if (!(await readOnce(random.int(0, 40) < 25 ? random.int(1, 60) : Infinity))) deaths += 1
  await written
  expect(await readOnce(Infinity)).toBe(true)
  expect(Object.fromEntries(held)).toEqual(await expectedRows(database))
  // One by one, so that nothing that comes later mends what was told wrongly.
  for (let step = 0; step < 40; step += 1) {
    const sql = statement(random)
    await database.run(sql).catch(() => {})
    await readOnce(Infinity)
    expect(Object.fromEntries(held), sql).toEqual(await expectedRows(database))
  }
  await using indexer = await database.open({ items: source })
  const there = await collect(indexer.keys('items', {}, 'digests'))
  expect(there.map(({ key, digest }) => [key, digest])).toEqual(there.map(({ key }) => [key, digests.get(key)]))
  expect(there.length).toBe(held.size)
  expect(deaths).toBeGreaterThan(0)
})
