import { openClickhouse } from '../../src/semantic/engines/clickhouse/open.ts'
import { silentLog } from '../../src/core/log.ts'
import type { TestClickhouse } from './clickhouse.ts'
import type { EngineSql, ServerFixture } from './engine-contract.ts'
import { openTcpProxy } from './tcp-proxy.ts'

const clickhouseSql: EngineSql = {
  types: [
    { sql: 'toInt8(-7)', type: 'number', cell: -7 },
    { sql: 'toUInt64(9007199254740991)', type: 'number', cell: 9007199254740991 },
    { sql: 'toUInt64(18446744073709551615)', type: 'number', cell: '18446744073709551615' },
    { sql: 'toInt256(-9007199254740993)', type: 'number', cell: '-9007199254740993' },
    { sql: 'toFloat32(0.1)', type: 'number', cell: 0.1 },
    { sql: 'toNullable(0.1)', type: 'number', cell: 0.1 },
    { sql: 'nan', type: 'number', cell: 'NaN' },
    { sql: '-inf', type: 'number', cell: '-Infinity' },
    { sql: "toDecimal64('1.50', 2)", type: 'number', cell: 1.5 },
    { sql: "toDecimal128('123456789012345.67', 2)", type: 'number', cell: '123456789012345.67' },
    { sql: 'true', type: 'boolean', cell: true },
    { sql: "CAST(NULL, 'Nullable(Bool)')", type: 'boolean', cell: null },
    { sql: '1 = 1', type: 'number', cell: 1 },
    { sql: "toDate('2020-01-31')", type: 'date', cell: '2020-01-31' },
    { sql: "toDate32('1920-01-31')", type: 'date', cell: '1920-01-31' },
    { sql: "toDateTime('2020-01-31 10:00:00')", type: 'timestamp', cell: '2020-01-31T10:00:00' },
    { sql: "toDateTime64('2020-01-31 10:00:00.120', 6)", type: 'timestamp', cell: '2020-01-31T10:00:00.12' },
    { sql: "toDateTime('2020-07-31 10:00:00', 'Europe/Berlin')", type: 'timestamp', cell: '2020-07-31T08:00:00' },
    { sql: "toLowCardinality('text')", type: 'text', cell: 'text' },
    { sql: '[1, 2]', type: 'text', cell: '[1,2]' },
    {
      sql: "toUUID('b0000000-0000-4000-8000-000000000001')",
      type: 'text',
      cell: 'b0000000-0000-4000-8000-000000000001',
    },
    { sql: 'NULL', type: 'text', cell: null },
  ],
  echo: (text, whole, fraction) => ({
    sql: 'select {p1:String} as a, {p2:Nullable(Int64)} as b, {p3:Nullable(Float64)} as c, {p4:Nullable(String)} as d',
    values: [text, whole, fraction, null],
  }),
  series: (rows) => `select number as n, lower(hex(MD5(toString(number % 1000)))) as t from numbers(${String(rows)})`,
  forever: (marker) => `select sum(sipHash64(number)) as ${marker} from numbers(1000000000000)`,
  number: (value) => `select toInt32(${String(value)})`,
  fails: (secret) => `select toInt32('${secret}')`,
  hostile: [
    'commit',
    '',
    'select 1; drop table item',
    "insert into item values (9, 'nine')",
    'insert into item select 9, label from item',
    'delete from item where 1',
    'alter table item delete where 1',
    "alter table item update label = 'x' where 1",
    'truncate table item',
    'drop table item',
    'detach table item',
    'rename table item to gone',
    'optimize table item final',
    'create table other (i Int8) engine = Memory',
    'create database other',
    'create view other as select 1',
    'set readonly = 0',
    'select 1 settings readonly = 0',
    'select 1 settings max_execution_time = 0',
    'select * from item settings max_result_rows = 1',
    'system shutdown',
    'system stop merges',
    "select * from file('/etc/hostname', 'LineAsString')",
    "select * from url('http://127.0.0.1:1/', 'LineAsString')",
    "insert into function file('/tmp/aquifer_test_outfile', 'CSV') select 1",
    'grant all on *.* to default',
    'use system',
    'kill query where 1',
    "backup table item to File('x')",
  ],
}

let databases = 0

/** A database of this ClickHouse, by way of a network that can break. */
export async function openClickhouseFixture(clickhouse: TestClickhouse): Promise<ServerFixture> {
  const { url, run } = clickhouse
  const database = `shop_${String(++databases)}`
  await run(`create database ${database}`)
  const item = `${database}.item`
  await run(`create table ${item} (id Int32, label String) engine = MergeTree order by id`)
  await run(`insert into ${item} values (1, 'one'), (2, 'two'), (3, 'three')`)
  const network = await openTcpProxy(url)
  const engine = await openClickhouse({
    name: 'shop',
    options: { url: network.url, database },
    dir: '',
    log: silentLog,
  })
  return {
    engine,
    network,
    sql: clickhouseSql,
    addItem: (id, label) => run(`insert into ${item} values (${String(id)}, '${label}')`),
    state: async () => [
      await run(`select * from ${item} order by id`),
      await run("select database, name from system.tables where database not in ('system', 'INFORMATION_SCHEMA')"),
      await run('show databases'),
      await run('show grants'),
    ],
    running: async (marker) => {
      const sql = `select count() from system.processes where query like '%${marker}%' and query not like '%processes%'`
      return Number(await run(sql))
    },
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]()
      await network[Symbol.asyncDispose]()
      await run(`drop database ${database}`)
    },
  }
}
