import { describe, expect, test } from 'vitest'
import { films, filmTables } from '../kit/film-tables.ts'
import { collect } from '../kit/indexer-reading.ts'
import { openSourceDatabase, reader } from '../kit/postgres-source.ts'
import { followRecords } from '../kit/record-follower.ts'
import { loadSakila, readSakila } from '../kit/sakila.ts'

describe('a record of several tables', () => {
  test('holds the row it refers to, the rows that refer to it and those over a join table, in their order', async () => {
    await using database = await openSourceDatabase(filmTables)
    const { rows } = await database.read(films('snapshot'))
    expect(rows).toEqual({
      1: {
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
            created_at: '2024-02-02T00:00:00Z',
            replies: [{ words: 'why?' }, { words: 'indeed' }],
          },
          { author: 'ann', review_id: '9007199254740993', created_at: '2024-01-02T03:04:05.123456Z', replies: [] },
        ],
      },
      2: {
        film_id: 2,
        title: 'Zorro',
        language_id: 2,
        language: { name: 'Dutch' },
        actors: [
          { actor_id: 1, first_name: 'PENELOPE' },
          { actor_id: 2, first_name: 'NICK' },
        ],
        reviews: [],
      },
      3: { film_id: 3, title: 'Mute', language_id: null, language: null, actors: [], reviews: [] },
    })
  })

  test('has the values of related rows as those of its own, whatever their type', async () => {
    const columns = `flag boolean, big bigint, price numeric, at timestamptz, local timestamp, day date, many text[],
      nested int[][], fixed char(4), address inet, doc jsonb, odd float8, bytes bytea, span interval, pair point, mood text`
    const values = `true, 9007199254740993, 1.10, '2024-01-02 03:04:05.123456+02', '2024-01-02 03:04:05', '2024-01-02',
      '{"a,b",NULL,"q\\"uote"}', '{{1,2},{3,4}}', 'ab', '10.0.0.1', '{"n": 12345678901234567890, "z": null}', 'NaN', '\\x00ff',
      '1 day 2 hours', '(1,2)', E'line\\n"quoted" \\\\ \\u2028 ü'`
    await using database = await openSourceDatabase(`
      create table parent (id int primary key, ${columns});
      create table child (id int primary key references parent, ${columns}, empty text);
      insert into parent values (1, ${values}); insert into child values (1, ${values})`)
    const { rows } = await database.read({ table: 'parent', with: { children: { table: 'child' } } })
    const { children, ...own } = rows['1'] ?? {}
    expect(children).toEqual([{ ...own, empty: null }])
    expect(own).toMatchObject({
      flag: true,
      big: '9007199254740993',
      price: '1.10',
      at: '2024-01-02T01:04:05.123456Z',
      fixed: 'ab  ',
      address: '10.0.0.1',
      many: ['a,b', null, 'q"uote'],
    })
  })

  test('reads the columns that are named, and its digest is of these', async () => {
    await using database = await openSourceDatabase(filmTables)
    const source = { ...films('poll'), columns: ['title'] }
    await using indexer = await database.open({ source })
    const digests = async (): Promise<readonly unknown[]> => collect(indexer.keys('source', {}, 'digests'))
    const before = await digests()
    const { puts, rows } = await database.read(source)
    expect(Object.keys(rows['3'] ?? {})).toEqual(['film_id', 'title', 'language', 'actors', 'reviews'])
    expect(puts.map(({ key, digest }) => ({ key, digest }))).toEqual(before)
    await database.run('update review set noise = 7; update language set noise = 7')
    expect(await digests()).toEqual(before)
    await database.run(`update reply set words = 'because' where reply_id = 2`)
    expect((await digests()).map((one, at) => JSON.stringify(one) === JSON.stringify(before[at]))).toEqual([
      false,
      true,
      true,
    ])
  })

  test('of a table that refers to itself has what it refers to and what refers to it', async () => {
    await using database = await openSourceDatabase(
      `create table node (id int primary key, up int references node); insert into node values (1, null), (2, 1), (3, 1)`,
    )
    const { rows } = await database.read({
      table: 'node',
      with: {
        parent: { table: 'node', via: 'up', as: 'object', columns: ['id'] },
        children: { table: 'node', via: 'up', as: 'array', columns: ['id'] },
      },
    })
    expect([rows['1'], rows['3']]).toEqual([
      { id: 1, up: null, parent: null, children: [{ id: 2 }, { id: 3 }] },
      { id: 3, up: 1, parent: { id: 1 }, children: [] },
    ])
  })

  test('needs no foreign keys where its columns are named, and orders rows without a key by what they say', async () => {
    await using database = await openSourceDatabase(`
      create table shop (country text, code int, primary key (country, code));
      create table goods (name text, country text, code int); create table tag (word text primary key);
      create table shop_tag (c text, n int, tag text);
      insert into shop values ('no', 1), ('se', 1); insert into tag values ('a'), ('b');
      insert into goods values ('z', 'no', 1), ('a', 'no', 1), ('a', 'se', 1);
      insert into shop_tag values ('no', 1, 'b'), ('no', 1, 'a')`)
    const { rows } = await database.read({
      table: 'shop',
      with: {
        goods: { table: 'goods', via: ['country', 'code'], as: 'array', columns: ['name'] },
        tags: { table: 'tag', through: { table: 'shop_tag', via: ['c', 'n'], to: 'tag' } },
      },
    })
    expect(rows).toEqual({
      '["no","1"]': {
        country: 'no',
        code: 1,
        goods: [{ name: 'a' }, { name: 'z' }],
        tags: [{ word: 'a' }, { word: 'b' }],
      },
      '["se","1"]': { country: 'se', code: 1, goods: [{ name: 'a' }], tags: [] },
    })
  })

  test('of the Sakila database is what a query of it would be', async ({ skip }) => {
    const dumps = (await readSakila()) ?? skip('the shared test data is not at hand (AQUIFER_SHARED names its folder)')
    await using database = await openSourceDatabase()
    await loadSakila(database.url, dumps)
    const { rows } = await database.read({
      table: 'film',
      columns: ['title'],
      with: {
        language: { table: 'language', via: 'language_id', columns: ['name'] },
        actors: { table: 'actor', through: 'film_actor', columns: ['first_name', 'last_name'] },
        categories: { table: 'category', through: 'film_category', columns: ['name'] },
        inventory: {
          table: 'inventory',
          columns: ['inventory_id'],
          with: { store: { table: 'store', columns: ['store_id'] } },
        },
      },
    })
    const expected =
      await database.run(`select film_id::text as key, json_build_object('film_id', film_id, 'title', title,
        'language', (select json_build_object('name', name) from language l where l.language_id = f.language_id),
        'actors', (select coalesce(json_agg(json_build_object('first_name', first_name, 'last_name', last_name) order by actor_id), '[]')
          from actor a where exists (select from film_actor x where x.actor_id = a.actor_id and x.film_id = f.film_id)),
        'categories', (select coalesce(json_agg(json_build_object('name', name) order by category_id), '[]')
          from category c where exists (select from film_category x where x.category_id = c.category_id and x.film_id = f.film_id)),
        'inventory', (select coalesce(json_agg(json_build_object('inventory_id', inventory_id, 'store', json_build_object('store_id', store_id))
          order by inventory_id), '[]') from inventory i where i.film_id = f.film_id)) as row
      from film f`)
    expect(Object.keys(rows)).toHaveLength(1000)
    expect(rows).toEqual(Object.fromEntries(expected.map(({ key, row }) => [key, row])))
  })
})

describe('polling finds, in a record of several tables,', () => {
  test('what was inserted, changed, moved and deleted in any of them', async () => {
    await using database = await openSourceDatabase(filmTables)
    await using follower = await followRecords(database, films('poll'))
    const news = async (sql: string): Promise<readonly string[]> => {
      await database.run(sql)
      return (await follower.read()).filter((one) => !one.startsWith('same'))
    }
    expect(await follower.read()).toEqual(['put 1', 'put 2', 'put 3'])
    expect(await news(`insert into review values (7, 3, 'cid', now())`)).toEqual(['put 3'])
    expect(await news(`update review set film_id = 2 where review_id = 7`)).toEqual(['put 2', 'put 3'])
    expect(await news(`delete from review where review_id = 7`)).toEqual(['put 2'])
    expect(await news(`update language set name = 'Flemish' where language_id = 2`)).toEqual(['put 2'])
    expect(await news(`delete from film_actor where actor_id = 1`)).toEqual(['put 1', 'put 2'])
    expect(await news(`truncate reply`)).toEqual(['put 1'])
    expect(await news(`delete from film where film_id = 3`)).toEqual(['delete 3'])
    expect(await news('select 1')).toEqual([])
  })

  test('columns that come and go in a related table', async () => {
    await using database = await openSourceDatabase(filmTables)
    const cursor = (await database.read(films('poll'))).cursor
    await database.run(`alter table actor add column last_name text default 'NN'`)
    const { rows } = await database.read(films('poll'), cursor).catch(() => database.read(films('poll')))
    expect(rows['2']?.['actors']).toEqual([
      { actor_id: 1, first_name: 'PENELOPE', last_name: 'NN' },
      { actor_id: 2, first_name: 'NICK', last_name: 'NN' },
    ])
  })
})

const refused = async (source: object, more = ''): Promise<unknown> => {
  await using database = await openSourceDatabase(filmTables + more)
  return await database.open({ films: { table: 'film', ...source } }).then(
    () => 'accepted',
    (error: unknown) => error,
  )
}

describe('a record of several tables is refused with what to write', () => {
  test.each([
    [
      { with: { language: { table: 'public.langage' } } },
      'Source films: there is no table public.langage; did you mean public.language?',
      undefined,
    ],
    [{ with: { title: { table: 'language' } } }, 'Source films: public.film has a column title already', undefined],
    [
      { with: { replies: { table: 'reply' } } },
      'Source films: no foreign key leads between public.film and public.reply',
      'Write via: COLUMN with as: object for what public.film refers to, as: array for what refers to it, or through: the table that joins them.',
    ],
    [
      { with: { actors: { table: 'actor', through: 'review' } } },
      'Source films: no foreign key leads from public.review to public.actor',
      'Write through: { table: public.review, to: COLUMN }.',
    ],
    [
      { with: { reviews: { table: 'review', via: 'filmid' } } },
      'Source films: there is no column filmid in public.review; did you mean film_id?',
      undefined,
    ],
    [
      { with: { reviews: { table: 'review', columns: ['autor'] } } },
      'Source films: there is no column autor in public.review; did you mean author?',
      undefined,
    ],
    [
      { with: { reviews: { table: 'review', order: 'created desc' } } },
      'Source films: there is no column created in public.review',
      undefined,
    ],
    [{ columns: ['titel'] }, 'Source films: there is no column titel in film; did you mean title?', undefined],
  ])('%j', async (source, message, fix) => {
    expect(await refused(source)).toMatchObject({
      code: 'SOURCE_INVALID',
      message,
      ...(fix === undefined ? {} : { fix }),
    })
  })

  test('several foreign keys', async () => {
    const more = `; alter table film add original_language_id int references language`
    expect(await refused({ with: { language: { table: 'language' } } }, more)).toMatchObject({
      message: 'Source films: public.language and public.film belong together in several ways',
      fix: 'Say which: via: language_id, as: object; or via: original_language_id, as: object.',
    })
    expect(await refused({ with: { language: { table: 'language', via: 'original_language_id' } } }, more)).toBe(
      'accepted',
    )
  })

  test('a view, and a table that this user may not read', async () => {
    const view = `; create view praise as select * from review`
    expect(await refused({ with: { praise: { table: 'praise', via: 'film_id' } } }, view)).toMatchObject({
      code: 'SOURCE_INVALID',
      message: 'Source films: a record is made of tables, and praise is none',
    })
    const grants = `; grant usage on schema public to ${reader}; grant select on film to ${reader}`
    await using database = await openSourceDatabase(filmTables + grants)
    await expect(database.open({ films: films('poll') })).rejects.toMatchObject({
      code: 'SOURCE_AUTH',
      message: 'Source films: this user may not read public.language',
    })
  })
})
