import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openLake, type Lake } from '../kit/lake.ts'

const outside = join(tmpdir(), 'aquifer-test-written-by-a-statement')
const orders = 'id,amount,city\n1,2.5,paris\n2,3.5,rome\n'

let lake: Lake
beforeAll(async () => {
  lake = await openLake({ 'orders.csv': orders, '2024/items.csv': 'id\n7\n' })
})
afterAll(() => lake[Symbol.asyncDispose]())

describe('whatever writes, reads files, changes settings or is no query is refused', () => {
  test.for<[sql: string, failure: string]>([
    [`copy (select 1) to '${outside}'`, 'is not a query'],
    [`copy (select 1) to 'DATA/out.csv'`, 'is not a query'],
    [`attach '${outside}' as x`, 'is not a query'],
    [`attach 'DATA/x.db'`, 'is not a query'],
    [`export database 'DATA/out'`, 'is not a query'],
    ['create table t (a int)', 'is not a query'],
    ['insert into orders values (3, 4, 5)', 'is not a query'],
    ['drop view orders', 'is not a query'],
    ['install httpfs', 'is not a query'],
    ['load httpfs', 'is not a query'],
    ["set memory_limit = '100GB'", 'is not a query'],
    ['reset threads', 'is not a query'],
    ['pragma database_list', 'is not a query'],
    ['call pragma_version()', 'is not a query'],
    ['show tables', 'is not a query'],
    ['select * from (describe orders)', 'is not a query'],
    ['explain analyze select 1', 'is not a query'],
    ['checkpoint', 'is not a query'],
    ['begin', 'is not a query'],
    ['select 1; select 2', 'is not one query'],
    [`select * from (select 1) x; copy (select 1) to '${outside}'`, 'is not a query'],
    ['', 'is not one query'],
    ['selec 1', 'is not valid SQL'],
    ["select * from read_csv('/etc/passwd')", 'reads from read_csv(); files are named as tables'],
    ["select * from read_text('DATA/orders.csv')", 'reads from read_text(); files are named as tables'],
    [
      "select * from orders where id in (select size from read_blob('/etc/passwd'))",
      'reads from read_blob(); files are named as tables',
    ],
    ["select * from glob('/etc/*')", 'reads from glob(); files are named as tables'],
    [
      `with x as (from query('copy (select 1) to ''${outside}''')) from x`,
      'reads from query(); files are named as tables',
    ],
    [
      `select * from enable_logging(storage = 'file', storage_path = '${outside}')`,
      'reads from enable_logging(); files are named as tables',
    ],
    ['select * from arrow_scan(1, 2, 3)', 'reads from arrow_scan(); files are named as tables'],
    ['select * from duckdb_settings()', 'reads from duckdb_settings(); files are named as tables'],
    ["select write_log('x') from orders", 'calls write_log()'],
    ["select current_setting('temp_directory')", 'calls current_setting()'],
    ['select count(*) filter (where sleep_ms(10) is null) from orders', 'calls sleep_ms()'],
    ['select * from memory.main.orders', 'names a table of another database (memory.main.orders)'],
  ])('%s', async ([sql, failure]) => {
    const text = await lake.failure(sql.replace('DATA', lake.path))
    expect(text).toBe(`METRIC_SQL_FAILED Connection lake: the statement ${failure}`)
    expect(existsSync(outside)).toBe(false)
    expect(await readdir(lake.path)).toEqual(['2024', 'orders.csv'])
    expect(await lake.rows('select count(*) from orders')).toEqual([[2]])
  })
})

test.for<[sql: string, failure: string]>([
  [
    "from '/etc/passwd'",
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table /etc/passwd; known: 2024/items.csv, orders.csv',
  ],
  [
    'from information_schema.tables',
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table information_schema.tables; known: items, orders, 2024',
  ],
  ['from pg_class', 'METRIC_TABLE_UNKNOWN Connection lake: there is no table pg_class; known: items, orders, 2024'],
  ['from order', 'METRIC_SQL_FAILED Connection lake: the statement is not valid SQL'],
  ['from ordres', 'METRIC_TABLE_UNKNOWN Connection lake: there is no table ordres; did you mean orders?'],
  ['select amonut from orders', 'METRIC_SQL_FAILED Connection lake: there is no column amonut'],
  ['select o.amonut from orders o', 'METRIC_SQL_FAILED Connection lake: there is no column amonut'],
  ['select id from orders a, orders b', 'METRIC_SQL_FAILED Connection lake: column id is ambiguous'],
  ['select fooo(id) from orders', 'METRIC_SQL_FAILED Connection lake: there is no function fooo'],
  [
    'select sum(city) from orders',
    'METRIC_SQL_FAILED Connection lake: no function or operator takes the types of sum(VARCHAR)',
  ],
  [
    'select id, sum(amount) from orders',
    'METRIC_SQL_FAILED Connection lake: an expression does not fit what it is used on',
  ],
  [
    'select city::int from orders',
    'METRIC_SQL_FAILED Connection lake: an expression reads text as something that it is not',
  ],
  ["select strptime(city, '%Y') from orders", 'METRIC_SQL_FAILED Connection lake: the statement fails (Invalid Input)'],
  ['select error(city) from orders', 'METRIC_SQL_FAILED Connection lake: the statement fails (Invalid Input)'],
  [
    'select 9223372036854775807 + id from orders',
    'METRIC_SQL_FAILED Connection lake: a number is too large for its type',
  ],
])('%s fails in words that hold no value', async ([sql, failure]) => {
  expect(await lake.failure(sql)).toBe(failure)
})

test.for<[sql: string, rows: unknown]>([
  ['with orders as (select * from orders) select count(*) from orders', [[2]]],
  ['with a as (select 1 x), orders as (select x from a) select x from orders', [[1]]],
  ['with recursive t as (select 1 n union all select n + 1 from t where n < 4) select sum(n) from t', [[10]]],
  ['select (select max(id) from "2024/items.csv") + sum(id) from "orders.csv"', [[10]]],
  ['select count(*) from "2024"."items", range(3), unnest([1, 2])', [[6]]],
  ['select id from ORDERS union all from main.items order by 1', [[1], [2], [7]]],
])('%s finds its tables', async ([sql, rows]) => {
  expect(await lake.rows(sql)).toEqual(rows)
})

test('a name of a query is not mistaken for the table of that name', async () => {
  const nothing = await lake.watermark('select 1')
  expect(await lake.watermark('with orders as (select 1 x) select * from orders')).toBe(nothing)
  expect(await lake.watermark('with orders as (select * from orders) select * from orders')).toBe(
    await lake.watermark('select id from orders'),
  )
})

test('values are parameters of their types', async () => {
  const values = [1, 3_000_000_000, 0.5, 'x', true, null, -1, '9007199254740993']
  const sql = `select typeof($1), typeof($2), typeof($3), typeof($4), typeof($5), $6 is null, $7 + 1, cast($8 as bigint)`
  expect(await lake.rows(sql, values)).toEqual([
    ['INTEGER', 'BIGINT', 'DOUBLE', 'VARCHAR', 'BOOLEAN', true, 0, '9007199254740993'],
  ])
  expect(
    await lake.rows('select city from orders where amount > $1 and city <> $2', [2, "'; drop table orders"]),
  ).toEqual([['paris'], ['rome']])
})

test('functions with side effects are those that were looked at', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(
    `select distinct function_name from duckdb_functions()
     where function_type = 'scalar' and (has_side_effects or stability <> 'CONSISTENT') order by 1`,
  )
  expect(reader.getRows().flat()).toEqual(
    `current_connection_id current_database current_date current_query current_query_id current_schema current_schemas
     current_transaction_id currval error gen_random_uuid get_current_time get_current_timestamp in_search_path nextval now
     random setseed sleep_ms stats today transaction_timestamp txid_current uuid uuidv4 uuidv7 write_log`.split(/\s+/),
  )
  connection.closeSync()
  instance.closeSync()
})
