import { expect, test } from 'vitest'
import { silentLog } from '../../src/core/log.ts'
import { askOn } from '../../src/semantic/engines/mysql/ask.ts'
import { openMysql } from '../../src/semantic/engines/mysql/open.ts'
import { innodbPosition } from '../../src/semantic/engines/mysql/watermark.ts'
import { createConnection } from 'mysql2'
import { closedPort } from '../kit/closed-port.ts'
import { ask, describeEngine, describeServer, items, refusal } from '../kit/engine-contract.ts'
import { openMysqlFixture } from '../kit/engine-mysql.ts'
import { withMariadb } from '../kit/mariadb-databases.ts'
import { openTestMariadb } from '../kit/mariadb.ts'

describeEngine('MariaDB', openMysqlFixture)
describeServer('MariaDB', openMysqlFixture)

test('what a statement sets is not set for the next one, nor for one after more rows or time', async () => {
  await using fixture = await openMysqlFixture()
  const sql = `select find_in_set('ONLY_FULL_GROUP_BY', @@sql_mode) > 0, find_in_set('STRICT_ALL_TABLES', @@sql_mode) > 0,
    find_in_set('NO_BACKSLASH_ESCAPES', @@sql_mode) > 0, @@time_zone, @@tx_read_only, @@sql_select_limit,
    @@max_statement_time, @@in_transaction`
  const first = await ask(fixture.engine, sql, { rows: 10, timeoutMs: 9000 })
  expect(first.rows).toEqual([[1, 1, 1, '+00:00', 1, 11, 9, 1]])
  await ask(fixture.engine, items, { rows: 1, timeoutMs: 4500 })
  expect((await ask(fixture.engine, sql, { rows: 10, timeoutMs: 9000 })).rows).toEqual(first.rows)
})

test('a statement with a limit of its own is cut at the limit of the rows as well', async () => {
  await using fixture = await openMysqlFixture()
  const answer = await ask(fixture.engine, fixture.sql.series(900_000), { rows: 3 })
  expect([answer.rows.length, answer.truncated]).toEqual([3, true])
})

test('where there is no binary log, the watermark is how much InnoDB ever wrote', async () => {
  await using database = await openTestMariadb()
  await withMariadb(database.url, (run) => run('create table t (i int primary key)'))
  const connection = createConnection(database.url)
  try {
    const read = () => innodbPosition.read(askOn(connection))
    const before = await read()
    await withMariadb(database.url, (run) => run('insert into t values (1)'))
    expect(before).toMatch(/^\d+(?::\d+)*$/)
    expect(await read()).not.toBe(before)
  } finally {
    connection.destroy()
  }
})

test('a user who may write is told of by check', async () => {
  await using fixture = await openMysqlFixture()
  expect(await fixture.engine.check?.()).toEqual([
    expect.stringMatching(/^Connection shop: its user may write to tables\. Metrics should be read by .*GRANT SELECT/),
  ])
})

test('a server with its tables of time zones filled knows them by name', async () => {
  await using fixture = await openMysqlFixture()
  expect(await fixture.engine.zones?.()).toBe(true)
})

test('thirty statements at once take four connections, which close when the engine does', async () => {
  await using database = await openTestMariadb()
  const connections = async (): Promise<number> => {
    const sql = 'select id from information_schema.processlist where db = database() and id <> connection_id()'
    return (await withMariadb(database.url, (run) => run(sql))).length
  }
  {
    await using engine = await openMysql({
      name: 'shop',
      options: { url: database.url, tls: false },
      dir: '',
      log: silentLog,
    })
    expect(await connections()).toBe(0)
    await Promise.all(Array.from({ length: 30 }, () => ask(engine, 'select sleep(0.02)')))
    expect(await connections()).toBe(4)
  }
  await expect.poll(connections).toBe(0)
})

test('a connection that leads nowhere says why', async () => {
  await using database = await openTestMariadb()
  const told = async (change: (url: URL) => void, tls = false): Promise<string> => {
    const url = new URL(database.url)
    change(url)
    await using engine = await openMysql({ name: 'shop', options: { url: url.href, tls }, dir: '', log: silentLog })
    const { code, message } = await refusal(ask(engine, 'select 1'))
    return `${code} ${message}`
  }
  const port = await closedPort()
  expect(await told((url) => (url.password = 'wrong'))).toBe(
    'METRIC_ENGINE_AUTH Connection shop: the database refuses this user or password',
  )
  expect(await told((url) => (url.pathname = '/mysql'))).toBe(
    'METRIC_ENGINE_AUTH Connection shop: this user may not use the database of its URL',
  )
  expect(await told((url) => (url.pathname = '/aquifer_test_nothing'))).toBe(
    'CONFIG_INVALID Connection shop: there is no database of this name on the server',
  )
  expect(await told((url) => (url.port = String(port)))).toBe(
    'METRIC_ENGINE_UNREACHABLE Connection shop: nothing listens at its address',
  )
  expect(await told(() => {}, true)).toBe(
    'METRIC_ENGINE_UNREACHABLE Connection shop: no secure connection could be made',
  )
  await expect(
    openMysql({ name: 'shop', options: { url: 'postgresql://127.0.0.1/x', tls: false }, dir: '', log: silentLog }),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('an address cannot say more to the driver than where the database is', async () => {
  await using database = await openTestMariadb()
  const url = `${database.url}?multipleStatements=true&flags=LOCAL_FILES`
  await using engine = await openMysql({ name: 'shop', options: { url, tls: false }, dir: '', log: silentLog })
  expect((await refusal(ask(engine, 'select 1; select 2'))).code).toBe('METRIC_SQL_FAILED')
})
