import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { PostgresSource } from '../../indexers/postgres/config.ts'
import postgres from '../../indexers/postgres/index.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { collect, readOptions } from '../kit/indexer-reading.ts'
import { connectionTo, openSourceDatabase, openSources } from '../kit/postgres-source.ts'
import type { SourceInput } from '../kit/postgres-source.ts'

/** `CODE message` of what opening throws. */
async function failureOf(url: string, source: SourceInput): Promise<string> {
  const sources = { films: PostgresSource.parse(source) }
  try {
    await using _ = await postgres.open(connectionTo(url, 2000), { ...readOptions(), sources })
    return 'opened'
  } catch (error) {
    if (!(error instanceof AquiferError)) throw error
    return `${error.code} ${error.message}`
  }
}

const setup = `create table public.film (film_id int primary key, title text not null, rating text, loose int, blob bytea);
  create unique index on film (title) where rating is not null;
  create table "Odd.Name" ("Key" int primary key); create table heap (a int not null, b int); create unique index on heap (b);
  create view films as select * from film;`

const cases: readonly (readonly [SourceInput, string])[] = [
  [{ table: 'public.flim' }, 'SOURCE_INVALID Source films: there is no table public.flim; did you mean public.film?'],
  [{ table: 'nothing_like_it' }, 'SOURCE_INVALID Source films: there is no table nothing_like_it'],
  [{ table: 'a.b.c' }, 'SOURCE_INVALID Source films: there is no table a.b.c'],
  [
    { table: 'film', key: 'film_ID' },
    'SOURCE_INVALID Source films: there is no column film_ID in film; did you mean film_id?',
  ],
  [{ table: 'film', key: 'title' }, 'SOURCE_INVALID Source films: nothing keeps title unique and filled in film'],
  [{ table: 'heap', key: 'b' }, 'SOURCE_INVALID Source films: nothing keeps b unique and filled in heap'],
  [{ table: 'heap' }, 'SOURCE_INVALID Source films: heap has no primary key'],
  [{ table: 'films' }, 'SOURCE_INVALID Source films: films has no primary key'],
  [
    { table: 'film', cursor: 'titel' },
    'SOURCE_INVALID Source films: there is no column titel in film; did you mean title?',
  ],
  [{ table: 'film', cursor: 'title' }, 'SOURCE_INVALID Source films: the cursor title is neither a time nor a number'],
  [
    { table: 'film', cursor: 'film_id', overlap: '1m' },
    'SOURCE_INVALID Source films: overlap is a length of time, and the cursor film_id is none',
  ],
  [
    { query: 'select film_id from film', key: 'film_id', mode: 'stream' },
    'SOURCE_INVALID Source films: mode stream reads tables, and its query is none, or has tables that inherit from it',
  ],
  [{ query: 'select film_id from film', key: 'id' }, 'SOURCE_INVALID Source films: there is no column id in its query'],
  [{ query: 'select 1 as a, 2 as a', key: 'a' }, 'SOURCE_INVALID Source films: its query gives two columns the name a'],
  [
    { query: 'selec 1', key: 'a' },
    "SOURCE_INVALID Source films: its query can't be read (SQLSTATE 42601, a syntax error)",
  ],
  [
    { query: 'select nope from film', key: 'a' },
    "SOURCE_INVALID Source films: its query can't be read (SQLSTATE 42703, no such column)",
  ],
  [
    { query: 'select * from nope', key: 'a' },
    "SOURCE_INVALID Source films: its query can't be read (SQLSTATE 42P01, no such table)",
  ],
  [
    { query: 'delete from film returning film_id', key: 'film_id' },
    "SOURCE_INVALID Source films: its query can't be read (SQLSTATE 42601, a syntax error)",
  ],
  [
    { query: 'select 1 as a) q; drop table film; select * from (select 1 as a', key: 'a' },
    "SOURCE_INVALID Source films: its query can't be read (SQLSTATE 42601, a syntax error)",
  ],
  [
    { query: "select 'secret-value'::int as a", key: 'a' },
    "SOURCE_INVALID Source films: its query can't be read (SQLSTATE 22P02)",
  ],
  [
    { query: 'select film_id from film /* open', key: 'film_id' },
    "SOURCE_INVALID Source films: its query can't be read (SQLSTATE 42601, a syntax error)",
  ],
]

test('a source that cannot be read says why', async () => {
  await using database = await openSourceDatabase(setup)
  const failures: (readonly [SourceInput, string])[] = []
  for (const [source] of cases) failures.push([source, await failureOf(database.url, source)])
  expect(failures).toEqual(cases)
  expect(await database.run(`select to_regclass('public.film')::text as film`)).toEqual([{ film: 'film' }])
})

test('names and queries are taken as people write them', async () => {
  const sources: readonly SourceInput[] = [
    { table: 'Film' },
    { table: ' public.film ' },
    { table: '"public"."film"' },
    { table: '"Odd.Name"' },
    { table: 'films', key: 'film_id' },
    { table: 'film', key: ['title', 'film_id'] },
    { query: 'select film_id from film; ', key: 'film_id' },
    { query: 'select film_id from film -- the films', key: 'film_id' },
    { query: 'with f as (select film_id from film) select * from f', key: 'film_id' },
  ]
  await using database = await openSourceDatabase(setup)
  const outcomes: string[] = []
  for (const source of sources) outcomes.push(await failureOf(database.url, source))
  expect(outcomes).toEqual(sources.map(() => 'opened'))
})

test('a user without rights is told what to grant, and nothing else', async () => {
  await using database = await openSourceDatabase(setup)
  const role = `reader_${Date.now().toString(36)}`
  await database.run(`create role ${role} login`)
  try {
    const url = new URL(database.url)
    url.username = role
    expect(await failureOf(url.href, { table: 'public.film' })).toBe(
      'SOURCE_AUTH Source films: this user may not read public.film',
    )
    await database.run(`grant select on film to ${role}`)
    expect(await failureOf(url.href, { table: 'public.film' })).toBe('opened')
  } finally {
    await database.run(`drop owned by ${role}; drop role ${role}`)
  }
})

test('an address that does not answer is unreachable, in words', async () => {
  const source = { table: 'film' }
  expect(await failureOf('postgresql://127.0.0.1:1/db', source)).toBe(
    'SOURCE_UNREACHABLE Source films: nothing listens at the address of the connection',
  )
  expect(await failureOf('postgresql://no-such-host.invalid/db', source)).toMatch(
    /^SOURCE_UNREACHABLE Source films: the host of/,
  )
  expect(await failureOf('mysql://127.0.0.1/db', source)).toBe(
    'SOURCE_INVALID Source films: the URL of the connection is not a Postgres URL',
  )
  expect(await failureOf('postgresql://host:port/db', source)).toMatch(/^SOURCE_INVALID .* is not a Postgres URL$/)
})

test('a server that accepts and hangs up is unreachable', async () => {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  try {
    expect(await failureOf(`postgresql://127.0.0.1:${port}/db`, { table: 'film' })).toBe(
      'SOURCE_UNREACHABLE Source films: the connection was lost',
    )
  } finally {
    server.close()
  }
})

test('an abort does not wait for a server that never answers', async () => {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const stop = new AbortController()
  const opening = openSources(`postgresql://127.0.0.1:${port}/db`, { s: { table: 't' } }, { signal: stop.signal })
  const startedAt = Date.now()
  setTimeout(() => stop.abort(), 200)
  await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(Date.now() - startedAt).toBeLessThan(1500)
  server.close()
})

test('a database or user that is not there is told apart from a server that is down', async () => {
  await using database = await openSourceDatabase(setup)
  const url = new URL(database.url)
  url.pathname = '/no_such_database'
  expect(await failureOf(url.href, { table: 'film' })).toBe(
    'SOURCE_INVALID Source films: there is no database of this name on the server',
  )
  const stranger = new URL(database.url)
  stranger.username = 'no_such_user'
  expect(await failureOf(stranger.href, { table: 'film' })).toBe(
    'SOURCE_AUTH Source films: the database refuses this user',
  )
})

test('a statement that runs too long ends by statementTimeout', async () => {
  await using database = await openSourceDatabase(setup)
  const sources = { slow: PostgresSource.parse({ query: 'select 1 as id, pg_sleep(60)::text as t', key: 'id' }) }
  await using indexer = await postgres.open(connectionTo(database.url, 300), { ...readOptions(), sources })
  const reading = collect(indexer.changes({}))
  await expect(reading).rejects.toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    message: 'Source slow: reading its query took longer than statementTimeout allows',
  })
})
