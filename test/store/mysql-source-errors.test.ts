import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import { closedPort } from '../kit/closed-port.ts'
import { collect } from '../kit/indexer-reading.ts'
import { openMysqlDatabase, openMysqlSources } from '../kit/mysql-source.ts'
import type { SourceInput } from '../kit/postgres-source.ts'

/** `CODE message` of what opening throws. */
async function failureOf(url: string, source: SourceInput): Promise<string> {
  try {
    await using _ = await openMysqlSources(url, { films: source })
    return 'opened'
  } catch (error) {
    if (!(error instanceof AquiferError)) throw error
    return `${error.code} ${error.message}`
  }
}

const setup = `create table film (film_id int primary key, title varchar(100) not null, loose int, note text,
    unique (loose), unique (note(10)), unique (title, film_id)) engine=innodb;
  create table \`odd.name\` (\`the key\` int primary key); create table heap (a int not null);
  create view films as select * from film`

const cases: readonly (readonly [SourceInput, string])[] = [
  [{ table: 'film' }, 'opened'],
  [{ table: '`odd.name`' }, 'opened'],
  [{ table: 'film', key: ['film_id', 'title'] }, 'opened'],
  [{ table: 'flim' }, 'SOURCE_INVALID Source films: there is no table flim, or this user may not read it'],
  [{ table: 'a.b.c' }, 'SOURCE_INVALID Source films: a.b.c does not tell which table of which database is meant'],
  [
    { table: 'films' },
    'SOURCE_INVALID Source films: films is no plain table, so its changes are not in the binary log',
  ],
  [{ table: 'heap' }, 'SOURCE_INVALID Source films: heap has no primary key'],
  [{ table: 'film', key: 'film_ID' }, 'SOURCE_INVALID Source films: there is no column film_ID in film'],
  [{ table: 'film', key: 'title' }, 'SOURCE_INVALID Source films: nothing keeps two rows from having the same title'],
  [{ table: 'film', key: 'loose' }, 'SOURCE_INVALID Source films: the key column loose may be NULL'],
]

test.for(cases)('%j: %s', async ([source, expected]) => {
  await using database = await openMysqlDatabase(setup)
  expect(await failureOf(database.url, source)).toBe(expected)
})

test('a user who may not read the log is told what to grant', async () => {
  await using database = await openMysqlDatabase(setup)
  expect(await failureOf(database.writerUrl, { table: 'film' })).toBe(
    'SOURCE_AUTH Source films: this user may not read the binary log',
  )
})

test('a wrong password, port, host, database and URL are told apart, without the password', async () => {
  await using database = await openMysqlDatabase(setup)
  const failure = (change: (url: URL) => void): Promise<string> => {
    const url = new URL(database.url)
    change(url)
    return failureOf(url.href, { table: 'film' })
  }
  const port = String(await closedPort())
  expect(await failure((url) => (url.password = 'secret'))).toBe(
    'SOURCE_AUTH Source films: the database refuses this user or password',
  )
  expect(await failure((url) => (url.port = port))).toBe(
    'SOURCE_UNREACHABLE Source films: nothing listens at the address of the connection',
  )
  expect(await failure((url) => (url.pathname = '/nowhere_at_all'))).toMatch(/^SOURCE_(?:INVALID|AUTH) /)
  expect(await failureOf('postgresql://x:secret@y/z', { table: 'film' })).toBe(
    'SOURCE_INVALID Source films: the URL of the connection is not a MySQL URL',
  )
})

test('a server that never answers is given up, and an abort does not wait for it', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 200)
  const began = Date.now()
  const opening = openMysqlSources(
    `mysql://a:b@127.0.0.1:${port}/c`,
    { films: { table: 'film' } },
    { signal: stop.signal },
  )
  await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(Date.now() - began).toBeLessThan(2000)
  server.close()
})

test('a table that is dropped in mid-stream is told as lost, then as missing', async () => {
  await using database = await openMysqlDatabase(setup)
  await using indexer = await database.open({ films: { table: 'film' } }, { until: 'abort' })
  const reading = (async () => {
    for await (const change of indexer.changes({})) {
      if (change.kind === 'checkpoint') await database.run('drop table film')
    }
  })()
  await expect(reading).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
  await expect(collect(indexer.changes({}))).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
})
