import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../src/core/log.ts'
import { openClickhouse } from '../../src/semantic/engines/clickhouse/open.ts'
import { closedPort } from '../kit/closed-port.ts'
import { openTestClickhouse, type TestClickhouse } from '../kit/clickhouse.ts'
import { openClickhouseFixture as openFixture } from '../kit/engine-clickhouse.ts'
import { ask, describeEngine, describeServer, items, refusal } from '../kit/engine-contract.ts'

const opened = openTestClickhouse()

beforeEach(async ({ skip }) => {
  const clickhouse = await opened
  if ('missing' in clickhouse) skip(clickhouse.missing)
})

afterAll(async () => {
  const clickhouse = await opened
  if ('url' in clickhouse) await clickhouse[Symbol.asyncDispose]()
})

async function theClickhouse(): Promise<TestClickhouse> {
  const clickhouse = await opened
  if ('missing' in clickhouse) throw new Error(clickhouse.missing)
  return clickhouse
}

const openClickhouseFixture = async () => openFixture(await theClickhouse())

describeEngine('ClickHouse', openClickhouseFixture)
describeServer('ClickHouse', openClickhouseFixture)

const open = (url: string) => openClickhouse({ name: 'shop', options: { url }, dir: '', log: silentLog })

test('a join or an aggregate that finds nothing is null, and moments are in UTC', async () => {
  await using fixture = await openClickhouseFixture()
  const joined =
    'select a.id, b.label from item a left join (select * from item where id = 9) b on a.id = b.id order by 1 limit 1'
  expect((await ask(fixture.engine, joined)).rows).toEqual([[1, null]])
  expect((await ask(fixture.engine, 'select sum(id) as s from item where id = 9')).rows).toEqual([[null]])
  expect((await ask(fixture.engine, 'select timezone() as z')).rows).toEqual([['UTC']])
})

test('a table that does not consist of parts has no watermark that another one equals', async () => {
  const { url, run } = await theClickhouse()
  await run('create table loose (id Int32) engine = Memory')
  await run('create table empty (id Int32) engine = MergeTree order by id')
  await run('create view seen as select * from loose')
  await using engine = await open(url)
  const twice = async (...tables: string[]): Promise<boolean> => {
    const [one, other] = [await ask(engine, 'select 1', { tables }), await ask(engine, 'select 1', { tables })]
    return one.watermark === other.watermark
  }
  expect(await twice('empty')).toBe(true)
  expect(await twice('default.empty', 'empty')).toBe(true)
  expect(await twice('loose')).toBe(false)
  expect(await twice('seen')).toBe(false)
  expect(await twice('empty', 'loose')).toBe(false)
  expect(await twice()).toBe(false)
})

test('an error in the midst of the rows is an error, not an end', async () => {
  await using fixture = await openClickhouseFixture()
  const sql = "select throwIf(number = 900000, 'geheim') as x from numbers(1000000)"
  const error = await refusal(ask(fixture.engine, sql, { rows: 2_000_000, bytes: 50_000_000 }))
  expect(error.code).toBe('METRIC_SQL_FAILED')
  expect(error.message).not.toContain('geheim')
})

test('check tells of a user who may do more than read', async () => {
  await using fixture = await openClickhouseFixture()
  expect(await fixture.engine.check?.()).toEqual([
    expect.stringMatching(
      /^Connection shop: its user may read files and other servers, may write to tables\. .*GRANT SELECT/,
    ),
  ])
})

test('a database of the connection is where tables are looked for', async () => {
  const { url, run } = await theClickhouse()
  await run('create database elsewhere')
  await run('create table elsewhere.item (id Int32, label String) engine = MergeTree order by id')
  await run("insert into elsewhere.item values (7, 'seven')")
  await using engine = await openClickhouse({
    name: 'shop',
    options: { url, database: 'elsewhere' },
    dir: '',
    log: silentLog,
  })
  expect((await ask(engine, items)).rows).toEqual([[7, 'seven']])
})

test('what answers but is no ClickHouse, or refuses the user, says so', async () => {
  const port = await closedPort()
  await using nothing = await open(`http://127.0.0.1:${String(port)}`)
  expect(await refusal(ask(nothing, 'select 1'))).toMatchObject({
    code: 'METRIC_ENGINE_UNREACHABLE',
    message: 'Connection shop: nothing listens at its address',
  })
  const answers = {
    METRIC_ENGINE_UNREACHABLE: { status: 502, body: '<html>Bad gateway</html>' },
    METRIC_ENGINE_AUTH: {
      status: 403,
      body: 'Code: 516. DB::Exception: app: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)',
    },
  }
  for (const [code, { status, body }] of Object.entries(answers)) {
    const server = createServer((_, response) => response.writeHead(status).end(body))
    await using engine = await open(await listening(server))
    const error = await refusal(ask(engine, 'select 1'))
    server.close()
    expect([error.code, error.message]).toEqual([code, expect.not.stringMatching(/html|password is/)])
  }
  await expect(open('postgresql://127.0.0.1/x')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('a user whose profile says readonly = 2 may ask, and 1 is too little', async () => {
  const { url } = await theClickhouse()
  const as = (user: string) => open(url.replace('http://', `http://${user}:x@`))
  await using modest = await as('readonly_2')
  expect((await ask(modest, 'select 1', { tables: [] })).rows).toEqual([[1]])
  expect((await refusal(ask(modest, 'create table other (i Int8) engine = Memory'))).code).toBe('METRIC_SQL_FAILED')
  await using bound = await as('readonly_1')
  expect(await refusal(ask(bound, 'select 1', { tables: [] }))).toMatchObject({
    code: 'METRIC_ENGINE_AUTH',
    message: 'Connection shop: its user may not change settings (readonly = 1).',
  })
})

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${String(address.port)}` : ''
}
