import { expect, test } from 'vitest'
import { openPostgres } from '../../src/semantic/engines/postgres/open.ts'
import { silentLog, type Log } from '../../src/core/log.ts'
import { closedPort } from '../kit/closed-port.ts'
import { ask, describeEngine, describeServer, items, refusal } from '../kit/engine-contract.ts'
import { itemSetup, openPostgresFixture, postgresSql } from '../kit/engine-postgres.ts'
import { openSourceDatabase, reader } from '../kit/postgres-source.ts'
import { openRefusingPooler } from '../kit/refusing-pooler.ts'
import { openTestLog } from '../kit/test-log.ts'
import { until } from '../kit/until.ts'

describeEngine('Postgres', openPostgresFixture)
describeServer('Postgres', openPostgresFixture)

const open = (url: string, log: Log = silentLog) => openPostgres({ name: 'shop', options: { url }, dir: '', log })

test('as a superuser, too, nothing that is said to it changes anything', async () => {
  await using database = await openSourceDatabase(itemSetup)
  await using engine = await open(database.url)
  const relations = `select json_agg(relname order by oid)::text, (select last_value from counter), (select is_called from counter)
    from pg_class where oid >= 16384`
  const [before] = (await ask(engine, relations)).rows
  for (const sql of [
    ...postgresSql.hostile,
    "copy item to '/tmp/aquifer_test_outfile'",
    "alter system set work_mem = '1MB'",
  ]) {
    await ask(engine, sql, { timeoutMs: 10_000 }).catch(() => {})
    expect([sql, (await ask(engine, items)).rows.length]).toEqual([sql, 3])
  }
  expect((await ask(engine, relations)).rows).toEqual([before])
  expect(await database.run("select pg_stat_file('/tmp/aquifer_test_outfile', true) as found")).toEqual([
    { found: null },
  ])
})

test('what a statement sets is not set for the next one', async () => {
  await using fixture = await openPostgresFixture()
  const names = ['default_transaction_read_only', 'search_path', 'statement_timeout', 'timezone', 'datestyle']
  const settings = `select ${names.map((name) => `current_setting('${name}')`).join(', ')}`
  const before = await ask(fixture.engine, settings, { timeoutMs: 9000 })
  expect(before.rows).toEqual([['on', '"$user", public', '9s', 'UTC', 'ISO, MDY']])
  await ask(
    fixture.engine,
    `select ${names
      .map((name) => `set_config('${name}', 'off', false)`)
      .slice(0, 1)
      .join()}`,
  )
  await ask(fixture.engine, "select set_config('search_path', 'x', false), set_config('timezone', 'Asia/Tokyo', false)")
  expect((await ask(fixture.engine, settings, { timeoutMs: 9000 })).rows).toEqual(before.rows)
})

test('files of the server are not for a role that may only read', async () => {
  await using fixture = await openPostgresFixture()
  const { code } = await refusal(ask(fixture.engine, "select pg_read_file('PG_VERSION')"))
  expect(code).toBe('METRIC_ENGINE_AUTH')
})

test('a superuser is warned of once, and check says what to do; of a role that may only read there is nothing to say', async () => {
  await using database = await openSourceDatabase(`${itemSetup} grant select on item to ${reader}`)
  const owner = new URL(database.url)
  owner.username = 'postgres'
  const log = openTestLog()
  await using engine = await open(owner.href, log)
  for (const _ of [1, 2]) await ask(engine, items)
  expect(log.lines).toEqual([expect.stringMatching(/^warn Metrics should be read by a role .*"is a superuser"/)])
  expect(await engine.check?.()).toEqual([
    expect.stringMatching(
      /^Connection shop: its user is a superuser, .*may write to tables\. Metrics should .*CREATE ROLE/,
    ),
  ])
  await using modest = await open(database.url, log)
  expect(await modest.check?.()).toEqual([])
  expect(log.lines).toHaveLength(1)
})

test('thirty statements at once take four connections, which close when the engine does', async () => {
  await using database = await openSourceDatabase(itemSetup)
  const connections = async (): Promise<unknown> => {
    const sql = `select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'aquifer'`
    return (await database.run(sql))[0]?.['n']
  }
  {
    await using engine = await open(database.url)
    expect(await connections()).toBe(0)
    await Promise.all(Array.from({ length: 30 }, () => ask(engine, 'select pg_sleep(0.02)')))
    expect(await connections()).toBe(4)
  }
  await until(async () => (await connections()) === 0)
})

test('a value that is larger than all that is asked for is left unread', async () => {
  await using fixture = await openPostgresFixture()
  const before = process.memoryUsage().rss
  const answer = await ask(fixture.engine, "select repeat('x', 500000000)", { bytes: 1_000_000 })
  expect([answer.rows, answer.truncated]).toEqual([[], true])
  expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(250)
  expect((await ask(fixture.engine, items)).rows).toHaveLength(3)
})

test('a table that has changed since its statement was prepared is read as it is now', async () => {
  await using database = await openSourceDatabase(itemSetup)
  await using engine = await open(database.url)
  expect((await ask(engine, 'select * from item where id = 1')).rows).toEqual([[1, 'one']])
  await database.run('alter table item add column price numeric default 1.5')
  const { columns, rows } = await ask(engine, 'select * from item where id = 1')
  expect([columns.map(({ name }) => name), rows]).toEqual([['id', 'label', 'price'], [[1, 'one', 1.5]]])
})

test('more different statements than a connection keeps prepared are answered all the same', async () => {
  await using fixture = await openPostgresFixture()
  for (const round of [1, 2]) {
    for (let value = 0; value < 130; value += 1) {
      expect([round, (await ask(fixture.engine, `select ${String(value)}`)).rows]).toEqual([round, [[value]]])
    }
  }
})

test('behind a pooler that takes no settings of a session, statements still run read-only', async () => {
  await using database = await openSourceDatabase(itemSetup)
  await using pooler = await openRefusingPooler(database.url)
  const log = openTestLog()
  await using engine = await open(pooler.url, log)
  expect((await ask(engine, items)).rows).toHaveLength(3)
  expect((await ask(engine, items)).rows).toHaveLength(3)
  expect((await refusal(ask(engine, 'delete from item returning id'))).code).toBe('METRIC_SQL_FAILED')
  expect(
    (await ask(engine, "select current_setting('transaction_read_only'), current_setting('TimeZone')")).rows,
  ).toEqual([['on', 'UTC']])
  expect(await database.run('select count(*)::int as prepared from pg_prepared_statements')).toEqual([{ prepared: 0 }])
  expect([pooler.refused(), log.lines.filter((line) => line.includes('pooler')).length]).toEqual([1, 1])
})

test('a connection that leads nowhere says why', async () => {
  await using database = await openSourceDatabase()
  const told = async (change: (url: URL) => void): Promise<string> => {
    const url = new URL(database.url)
    change(url)
    await using engine = await open(url.href)
    const { code, message } = await refusal(ask(engine, 'select 1'))
    return `${code} ${message}`
  }
  const port = await closedPort()
  expect(await told((url) => (url.username = 'nobody_knows'))).toBe(
    'METRIC_ENGINE_AUTH Connection shop: the database refuses this user',
  )
  expect(await told((url) => (url.pathname = '/nothing'))).toBe(
    'CONFIG_INVALID Connection shop: there is no database of this name on the server',
  )
  expect(await told((url) => (url.port = String(port)))).toBe(
    'METRIC_ENGINE_UNREACHABLE Connection shop: nothing listens at its address',
  )
  await expect(open('mysql://127.0.0.1/x')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})
