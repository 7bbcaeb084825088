import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { films, filmTables } from '../kit/film-tables.ts'
import { openSourceDatabase, type SourceDatabase } from '../kit/postgres-source.ts'
import { followRecords, type RecordFollower } from '../kit/record-follower.ts'

describe('in the log, what touches a record of several tables is', () => {
  let database: SourceDatabase
  let follower: RecordFollower
  beforeAll(async () => {
    database = await openSourceDatabase(filmTables)
    follower = await followRecords(database, films('stream'))
    await follower.read()
  })
  afterAll(async () => {
    await follower[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  // One after another, each on what the ones before have left.
  test.each([
    ['a child that comes', `insert into review values (7, 3, 'cid', now())`, ['put 3']],
    ['a child that changes', `update review set author = 'dan' where review_id = 7`, ['put 3']],
    ['a child that changes in what is not read', `update review set noise = 1 where review_id = 7`, ['same 3']],
    ['a child that moves, for both', `update review set film_id = 2 where review_id = 7`, ['put 2', 'put 3']],
    ['a child that lets go', `update review set film_id = null where review_id = 7`, ['put 2']],
    ['a child that belongs to nobody', `update review set author = 'eve' where review_id = 7`, []],
    ['a child that goes', `delete from review where review_id = 5`, ['put 1']],
    ["a child's child that comes", `insert into reply values (9, 9007199254740993, 'so?')`, ['put 1']],
    [
      "a child's child that moves",
      `update review set film_id = 3 where review_id = 7; update reply set review_id = 7 where reply_id = 9`,
      ['put 1', 'put 3'],
    ],
    ["a child's child that goes with its parent", `delete from review where review_id = 7`, ['put 3']],
    ['a pair that comes', `insert into film_actor values (10, 3)`, ['put 3']],
    ['a pair that changes', `update film_actor set actor_id = 1 where film_id = 3`, ['put 3']],
    ['a pair that moves', `update film_actor set film_id = 2, actor_id = 10 where film_id = 3`, ['put 2', 'put 3']],
    ['a pair that goes', `delete from film_actor where film_id = 2 and actor_id = 10`, ['put 2']],
    ['what is at the far end of pairs', `update actor set first_name = 'PENNY' where actor_id = 1`, ['put 1', 'put 2']],
    ['what nobody refers to', `insert into actor values (11, 'NEW'); insert into language values (3, 'Norse')`, []],
    ['a look-up', `update language set name = 'British' where language_id = 1`, ['put 1']],
    ['a look-up that is swapped, by the record', `update film set language_id = 1 where film_id = 2`, ['put 2']],
    ['a look-up of several', `update language set name = 'English' where language_id = 1`, ['put 1', 'put 2']],
    [
      'a key of a look-up that changes',
      `alter table film drop constraint film_language_id_fkey, add constraint film_language_id_fkey foreign key (language_id)
        references language on update cascade; update language set language_id = 8 where language_id = 1`,
      ['put 1', 'put 2'],
    ],
    [
      'all that goes with a record',
      `delete from film_actor where film_id = 3; delete from film where film_id = 3`,
      ['delete 3'],
    ],
    [
      'a record with all that it has',
      `insert into film values (4, 'New', 2); insert into review values (20, 4, 'fay', now()); insert into film_actor values (1, 4)`,
      ['put 4'],
    ],
    ['nothing that was taken back', `begin; delete from review; rollback`, []],
  ])('%s', async (_, sql, expected) => {
    await database.run(sql)
    expect(await follower.read()).toEqual(expected)
    expect(follower.compared).toBe(false)
  })

  test('everything where a related table is emptied', async () => {
    await database.run('truncate reply')
    expect(await follower.read()).toEqual(['same 1', 'same 2', 'same 4'])
    expect(follower.compared).toBe(true)
    await database.run('truncate review cascade')
    expect(await follower.read()).toEqual(['put 1', 'put 4', 'same 2'])
  })

  test('everything where a column of a related table comes, goes or changes its type', async () => {
    await database.run(`alter table actor add column last_name text default 'NN'`)
    expect(await follower.read()).toEqual(['put 1', 'put 2', 'put 4'])
    await database.run(`alter table actor alter column last_name drop default, alter column last_name type int using 5`)
    expect(await follower.read()).toEqual(['put 1', 'put 2', 'put 4'])
    expect(follower.held.get('4')).toMatchObject({ actors: [{ actor_id: 1, first_name: 'PENNY', last_name: 5 }] })
    await database.run(`alter table actor drop column last_name`)
    expect(await follower.read()).toEqual(['put 1', 'put 2', 'put 4'])
  })

  test('everything where a related table is another one of the same name', async () => {
    await database.run(`drop table reply; create table reply (reply_id int primary key, review_id bigint references review, words text);
      alter table reply replica identity full; insert into review values (30, 1, 'gus', now()); insert into reply values (1, 30, 'new')`)
    expect(await follower.read()).toContain('put 1')
    await database.run(`update reply set words = 'newer'`)
    expect(await follower.read()).toEqual(['put 1'])
  })

  test('told after an identity was made smaller, with the way to mend it', async () => {
    await database.run(`alter table reply replica identity default`)
    await expect(follower.read()).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message:
        'Source source: the replica identity of reply does not tell review_id, which ties its rows to the record',
      fix: 'Run ALTER TABLE reply REPLICA IDENTITY FULL, or USING INDEX one of these columns, or use mode poll.',
    })
  })
})

test('an identity that is made smaller in mid-stream has everything read again rather than miss a move', async () => {
  await using database = await openSourceDatabase(filmTables)
  const stop = new AbortController()
  await using indexer = await database.open(
    { source: films('stream') },
    { until: 'abort', signal: stop.signal, everyMs: 600_000 },
  )
  const told: string[] = []
  for await (const change of indexer.changes({})) {
    if (change.kind === 'put') told.push(change.key)
    if (change.kind === 'checkpoint' && change.partial !== true && told.length === 3) {
      await database.run(
        'alter table reply replica identity default; update reply set review_id = 9007199254740993 where reply_id = 1',
      )
      // One that will be told, so that the test ends.
      await database.run('alter table reply replica identity full')
    }
    if (told.length === 6) stop.abort()
  }
  expect(told).toEqual(['1', '2', '3', '1', '2', '3'])
})

test('related tables in partitions are followed by their root, and partitions that come or go are read', async () => {
  await using database = await openSourceDatabase(`
    create table item (id int primary key, label text);
    create table note (id int, item_id int references item, part int, words text) partition by list (part);
    create table note_1 partition of note for values in (1); create table note_2 partition of note for values in (2);
    create table note_3 (id int, item_id int, part int, words text);
    alter table note replica identity full; alter table note_1 replica identity full;
    alter table note_2 replica identity full; alter table note_3 replica identity full;
    insert into item values (1, 'one'), (2, 'two'), (3, 'three'); insert into note values (1, 1, 1, 'a'), (2, 2, 2, 'b');
    insert into note_3 values (3, 3, 3, 'c')`)
  await using follower = await followRecords(database, {
    table: 'item',
    mode: 'stream',
    with: { notes: { table: 'note', order: 'id', columns: ['words'] } },
  })
  await follower.read()
  await database.run(`update note set words = 'aa', part = 2 where id = 1`)
  expect(await follower.read()).toEqual(['put 1'])
  await database.run(`update note set item_id = 3 where id = 2`)
  expect(await follower.read()).toEqual(['put 2', 'put 3'])
  await database.run('alter table note attach partition note_3 for values in (3)')
  expect(await follower.read()).toEqual(['put 3', 'same 1', 'same 2'])
  expect(follower.held.get('3')).toEqual({ id: 3, label: 'three', notes: [{ words: 'b' }, { words: 'c' }] })
  await database.run('alter table note detach partition note_2')
  expect(await follower.read()).toEqual(['put 1', 'put 3', 'same 2'])
})

test('two sources of one connection share a related table, each with records of its own', async () => {
  await using database = await openSourceDatabase(`${filmTables} alter table film replica identity full`)
  await using indexer = await database.open({
    films: films('stream'),
    actors: { table: 'actor', mode: 'stream', with: { films: { table: 'film', through: 'film_actor' } } },
    languages: { table: 'language', mode: 'stream', with: { films: { table: 'film' } } },
  })
  const cursors: Record<string, never> = {}
  const read = async (): Promise<readonly string[]> => {
    const told: string[] = []
    for await (const change of indexer.changes(cursors)) {
      if (change.kind === 'put') told.push(`${change.source} ${change.key}`)
      if (change.kind === 'checkpoint') Object.assign(cursors, { [change.source]: change.cursor })
    }
    return told.toSorted()
  }
  await read()
  await database.run(`update film set title = 'Zorro II' where film_id = 2`)
  expect(await read()).toEqual(['actors 1', 'actors 2', 'films 2', 'languages 2'])
  await database.run(`insert into review values (9, 3, 'hal', now())`)
  expect(await read()).toEqual(['films 3'])
})

test('a look-up that touches very many records is handed over in their order, and goes on there after a crash', async () => {
  await using database = await openSourceDatabase(`
    create table team (id int primary key, name text); insert into team values (1, 'one');
    create table item (id int primary key, team_id int references team); create index on item (team_id);
    insert into item select i, 1 from generate_series(1, 30000) i`)
  const source = { table: 'item', mode: 'stream', with: { team: { table: 'team' } } }
  const before = await followRecords(database, source)
  await before.read()
  await before[Symbol.asyncDispose]()
  await database.run(`update team set name = 'uno'; update item set id = -1 where id = 7`)

  const told: string[] = []
  let cursor = before.cursor ?? null
  let isPartial: true | undefined
  {
    await using indexer = await database.open({ source })
    for await (const change of indexer.changes({ source: cursor })) {
      if (change.kind === 'checkpoint') cursor = change.cursor
      else told.push(change.key)
      if (change.kind === 'put' && change.content.kind === 'row') before.held.set(change.key, change.content.row)
      if (change.kind === 'delete') before.held.delete(change.key)
      if (change.kind === 'checkpoint' && told.length > 15_000) {
        isPartial = change.partial
        break
      }
    }
    await indexer.committed?.({ source: cursor })
  }
  const half = told.length
  expect(isPartial).toBe(true)
  expect(half).toBeLessThan(25_000)
  await database.run(`update item set id = -2 where id = 29999`)
  await using after = await followRecords(database, source, { held: before.held, cursor })
  const rest = await after.read()
  expect(rest.length).toBe(30_002 - half)
  expect([...after.held.values()].filter((row) => JSON.stringify(row).includes('"one"'))).toEqual([])
  expect(after.held.size).toBe(30_000)
})
