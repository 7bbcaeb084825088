import { touchedBy } from '../../indexers/mysql/tree/touches.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collect, readChanges } from '../kit/indexer-reading.ts'
import { openMysqlDatabase, type MysqlDatabase } from '../kit/mysql-source.ts'
import type { SourceInput } from '../kit/postgres-source.ts'
import { followRecords, type RecordFollower } from '../kit/record-follower.ts'

const tables = `
  create table language (language_id int primary key, name varchar(50), noise int default 0) engine=innodb;
  create table film (film_id int primary key, title text, language_id int, foreign key (language_id) references language (language_id)) engine=innodb;
  create table actor (actor_id int primary key, first_name varchar(50)) engine=innodb;
  create table film_actor (actor_id int, film_id int, primary key (actor_id, film_id),
    foreign key (actor_id) references actor (actor_id), foreign key (film_id) references film (film_id)) engine=innodb;
  create table review (review_id bigint unsigned primary key, film_id int, author varchar(50), created_at timestamp(6) null, price decimal(10,2), noise int,
    foreign key (film_id) references film (film_id)) engine=innodb;
  create table reply (reply_id int primary key, review_id bigint unsigned, words text, foreign key (review_id) references review (review_id)) engine=innodb;
  insert into language values (1, 'English', 0), (2, 'Dutch', 0);
  insert into film values (1, 'Academy', 1), (2, 'Zorro', 2), (3, 'Mute', null);
  insert into actor values (1, 'PENELOPE'), (2, 'NICK'), (10, 'ED');
  insert into film_actor values (10, 1), (1, 1), (2, 2), (1, 2);
  insert into review values (18446744073709551615, 1, 'ann', '2024-01-02 03:04:05.123456', 1.10, 0), (5, 1, 'bob', '2024-02-02 00:00:00', null, 0);
  insert into reply values (1, 5, 'why?'), (2, 5, 'indeed')`

const films: SourceInput = {
  table: 'film',
  with: {
    language: { table: 'language', columns: ['name'] },
    actors: { table: 'actor', through: 'film_actor' },
    reviews: {
      table: 'review',
      order: 'created_at desc',
      columns: ['author', 'review_id', 'created_at', 'price'],
      with: { replies: { table: 'reply', columns: ['words'] } },
    },
  },
}

test('a record is made of the rows of several tables, each value as the table alone would show it', async () => {
  await using database = await openMysqlDatabase(tables)
  const { rows } = await database.read(films)
  expect(rows['1']).toEqual({
    film_id: 1,
    title: 'Academy',
    language_id: 1,
    language: { name: 'English' },
    actors: [
      { actor_id: 1, first_name: 'PENELOPE' },
      { actor_id: 10, first_name: 'ED' },
    ],
    reviews: [
      {
        author: 'bob',
        review_id: '5',
        created_at: '2024-02-02T00:00:00.000000Z',
        price: null,
        replies: [{ words: 'why?' }, { words: 'indeed' }],
      },
      {
        author: 'ann',
        review_id: '18446744073709551615',
        created_at: '2024-01-02T03:04:05.123456Z',
        price: '1.10',
        replies: [],
      },
    ],
  })
  expect(rows['3']).toEqual({ film_id: 3, title: 'Mute', language_id: null, language: null, actors: [], reviews: [] })
})

test('a comparison has the digests of the puts', async () => {
  await using database = await openMysqlDatabase(tables)
  await using indexer = await database.open({ source: films })
  const changes = await readChanges(indexer, {})
  const put = changes.flatMap((change) => (change.kind === 'put' ? [[change.key, change.digest]] : []))
  const there = await collect(indexer.keys('source', {}, 'digests'))
  expect(there.map(({ key, digest }) => [key, digest])).toEqual(put)
  await database.run(`update reply set words = 'hm' where reply_id = 2`)
  const after = await collect(indexer.keys('source', {}, 'digests'))
  expect(after.filter(({ digest }, at) => digest !== there[at]?.digest).map(({ key }) => key)).toEqual(['1'])
})

test('a text refers as the collation of its column says', async () => {
  await using database =
    await openMysqlDatabase(`create table tag (name varchar(50) collate utf8mb4_general_ci primary key, hue text) engine=innodb;
    create table item (id int primary key, tag varchar(50) collate utf8mb4_general_ci) engine=innodb;
    insert into tag values ('Red', 'warm'), ('', 'none'); insert into item values (1, 'red '), (2, 'RED'), (3, ''), (4, 'blue')`)
  await using follower = await followRecords(database, {
    table: 'item',
    with: { tag_row: { table: 'tag', via: 'tag', columns: ['hue'] } },
  })
  await follower.read()
  expect([...follower.held.values()]).toMatchObject([
    { tag_row: { hue: 'warm' } },
    { tag_row: { hue: 'warm' } },
    { tag_row: { hue: 'none' } },
    { tag_row: null },
  ])
  await database.run(`update tag set hue = 'hot' where name = 'red'`)
  expect(await follower.read()).toEqual(['put 1', 'put 2'])
})

describe('in the log, what touches a record of several tables is', () => {
  let database: MysqlDatabase
  let follower: RecordFollower
  beforeAll(async () => {
    database = await openMysqlDatabase(tables)
    follower = await followRecords(database, films)
    await follower.read()
  })
  afterAll(async () => {
    await follower[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const big = '18446744073709551615'
  // One after another, each on what the ones before have left.
  test.each([
    ['a child that comes', `insert into review values (7, 3, 'cid', now(), 2, 0)`, ['put 3']],
    ['a child that changes', `update review set author = 'dan' where review_id = 7`, ['put 3']],
    ['a child that changes in what is not read', `update review set noise = 1 where review_id = 7`, ['same 3']],
    ['a child that moves, for both', `update review set film_id = 2 where review_id = 7`, ['put 2', 'put 3']],
    ['a child that lets go', `update review set film_id = null where review_id = 7`, ['put 2']],
    ['a child that belongs to nobody', `update review set author = 'eve' where review_id = 7`, []],
    ["a child's child that comes", `insert into reply values (9, ${big}, 'so?')`, ['put 1']],
    [
      "a child's child that moves",
      `start transaction; update review set film_id = 3 where review_id = 7; update reply set review_id = 7 where reply_id = 9; commit`,
      ['put 1', 'put 3'],
    ],
    [
      "a child's child that goes with its parent",
      `start transaction; delete from reply where review_id = 7; delete from review where review_id = 7; commit`,
      ['put 3'],
    ],
    ['a pair that comes', `insert into film_actor values (10, 3)`, ['put 3']],
    ['a pair that changes', `update film_actor set actor_id = 1 where film_id = 3`, ['put 3']],
    ['a pair that moves', `update film_actor set film_id = 2, actor_id = 10 where film_id = 3`, ['put 2', 'put 3']],
    ['a pair that goes', `delete from film_actor where film_id = 2 and actor_id = 10`, ['put 2']],
    ['what is at the far end of pairs', `update actor set first_name = 'PENNY' where actor_id = 1`, ['put 1', 'put 2']],
    ['what nobody refers to', `insert into actor values (11, 'NEW'); insert into language values (3, 'Norse', 0)`, []],
    ['a look-up', `update language set name = 'British' where language_id = 1`, ['put 1']],
    ['a look-up that is swapped, by the record', `update film set language_id = 1 where film_id = 2`, ['put 2']],
    ['a look-up of several', `update language set name = 'English' where language_id = 1`, ['put 1', 'put 2']],
    ['nothing that was taken back', `start transaction; delete from reply; rollback`, []],
  ])('%s', async (_, sql, expected) => {
    await database.run(sql)
    expect(await follower.read()).toEqual(expected)
  })
})

test.each([
  ['a related table is emptied', 'truncate reply'],
  ['a column of a related table comes', 'alter table actor add column last_name text'],
])('everything is read again where %s', async (_, sql) => {
  await using database = await openMysqlDatabase(tables)
  const first = await database.read(films)
  await using indexer = await database.open({ source: films })
  await database.run(sql)
  await expect(collect(indexer.changes({ source: first.cursor ?? null }))).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
  })
})

test('a cascade into a related table has everything read again, for it is not logged', async () => {
  await using database = await openMysqlDatabase(`${tables};
    create table house (id int primary key) engine=innodb;
    alter table review add column house int, add foreign key (house) references house (id) on delete cascade;
    insert into house values (1); update review set house = 1 where review_id = 18446744073709551615`)
  const first = await database.read(films)
  await database.run('delete from house where id = 1')
  await using indexer = await database.open({ source: films })
  await expect(collect(indexer.changes({ source: first.cursor ?? null }))).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
  })
})

test('a look-up of many records has each of them read again', async () => {
  await using database = await openMysqlDatabase(`create table kind (id int primary key, name text) engine=innodb;
    create table item (id int primary key, kind int, key (kind)) engine=innodb;
    insert into kind values (1, 'a'); insert into item select seq, 1 from seq_1_to_5000`)
  await using follower = await followRecords(database, {
    table: 'item',
    with: { kind_row: { table: 'kind', via: 'kind' } },
  })
  await follower.read()
  await database.run(`update kind set name = 'b'`)
  const told = await follower.read()
  expect(new Set(told).size).toBe(5000)
  expect(told.length).toBe(5000)
  expect(told.every((one) => one.startsWith('put '))).toBe(true)
})

test.each([
  ['a table that is not there', { x: { table: 'nothing' } }, 'there is no table nothing'],
  ['a table without a way to it', { x: { table: 'actor' } }, 'no foreign key leads between'],
  ['a column that is not there', { x: { table: 'language', columns: ['nam'] } }, 'did you mean name'],
  ['a name that is taken', { title: { table: 'language' } }, 'has a column title already'],
  ['columns of several types', { x: { table: 'actor', via: 'title', as: 'object' } }, 'cannot be tied together'],
])('refused is %s', async (_, parts, message) => {
  await using database = await openMysqlDatabase(tables)
  await expect(database.open({ source: { table: 'film', with: parts } })).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    message: expect.stringContaining(message) as unknown,
  })
})

test('a log that leaves out what refers has everything read again', () => {
  const place = { subject: 'Source films', what: 'film' }
  const table = {
    id: 'shop.review',
    schema: 'shop',
    name: 'review',
    columns: ['film_id'],
    unique: [],
    described: [],
    ancestors: [],
  }
  const touch = { table, columns: ['film_id'], near: ['film_id'], joins: '', alias: 'q' }
  const row = { before: { review_id: 1, film_id: null }, after: undefined }
  expect(touchedBy(place, touch, row, new Set(['words']))).toEqual([])
  expect(() => touchedBy(place, touch, row, new Set(['film_id']))).toThrow(
    'Source films: its log leaves out the column film_id of shop.review.',
  )
})
