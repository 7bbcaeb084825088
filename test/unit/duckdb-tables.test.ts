import { expect, test } from 'vitest'

import { fileTables } from '../../src/semantic/engines/duckdb/file-tables.ts'
import { failureText } from '../kit/lake.ts'

const paths = [
  '2023/orders.csv',
  '2024/orders.csv',
  'Mixed.json',
  'daily/a.parquet',
  'daily/b.parquet',
  'deep/er/visits.ndjson.gz',
  'events/year=2023/x.parquet',
  'events/year=2024/x.parquet',
  'people.csv',
  'people/people.csv',
  'raw_orders.csv.gz',
  'shop/items.csv',
  'shop/stores.parquet',
]

const tables = {
  named: 'shop/items.csv',
  both: '202?/orders.csv',
  folder: './daily/',
  kinds: 'shop/*',
  gone: 'gone/*.csv',
}

/** The files of a table, or why there are none. */
function find(table: string): string {
  try {
    const { kind, paths: found, partitioned } = fileTables(paths, { connection: 'lake', tables }).find(table)
    return `${kind} ${found.join(' ')}${partitioned ? ' partitioned' : ''}`
  } catch (thrown) {
    return failureText(thrown)
  }
}

test.for<[name: string, found: string]>([
  ['raw_orders', 'csv raw_orders.csv.gz'],
  ['raw_orders.csv.gz', 'csv raw_orders.csv.gz'],
  ['./raw_orders.csv.gz', 'csv raw_orders.csv.gz'],
  ['visits', 'json deep/er/visits.ndjson.gz'],
  ['deep/er/visits', 'json deep/er/visits.ndjson.gz'],
  ['2024/orders', 'csv 2024/orders.csv'],
  ['2024/orders.csv', 'csv 2024/orders.csv'],
  ['mixed', 'json Mixed.json'],
  ['daily', 'parquet daily/a.parquet daily/b.parquet'],
  ['daily/*', 'parquet daily/a.parquet daily/b.parquet'],
  ['events', 'parquet events/year=2023/x.parquet events/year=2024/x.parquet partitioned'],
  ['shop.items', 'csv shop/items.csv'],
  ['main.items', 'csv shop/items.csv'],
  ['people/people.csv', 'csv people/people.csv'],
  ['named', 'csv shop/items.csv'],
  ['NAMED', 'csv shop/items.csv'],
  ['both', 'csv 2023/orders.csv 2024/orders.csv'],
  ['folder', 'parquet daily/a.parquet daily/b.parquet'],
])('%s is %s', ([name, found]) => {
  expect(find(name)).toBe(found)
})

test.for<[name: string, failure: string]>([
  ['orders', 'METRIC_TABLE_AMBIGUOUS Connection lake: table orders could be 2023/orders.csv or 2024/orders.csv'],
  ['people', 'METRIC_TABLE_AMBIGUOUS Connection lake: table people could be people.csv or people/people.csv'],
  [
    'x',
    'METRIC_TABLE_AMBIGUOUS Connection lake: table x could be events/year=2023/x.parquet or events/year=2024/x.parquet',
  ],
  ['kinds', 'METRIC_TABLE_AMBIGUOUS Connection lake: table kinds mixes csv and parquet files'],
  ['raw_order', 'METRIC_TABLE_UNKNOWN Connection lake: there is no table raw_order; did you mean raw_orders?'],
  [
    '2024/order.csv',
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table 2024/order.csv; did you mean 2024/orders.csv?',
  ],
  [
    'shop',
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table shop; known: named, both, folder, kinds, gone, orders, Mixed, a, b, visits, x, people, raw_orders, items, stores, 2023, 2024, daily, er, events',
  ],
  ['gone', 'METRIC_TABLE_UNKNOWN Connection lake: no file is gone/*.csv, which is table gone'],
  [
    '../secret.csv',
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table ../secret.csv; known: named, both, folder, kinds, gone, 2023/orders.csv, 2024/orders.csv, Mixed.json, daily/a.parquet, daily/b.parquet, deep/er/visits.ndjson.gz, events/year=2023/x.parquet, events/year=2024/x.parquet, people.csv, people/people.csv, raw_orders.csv.gz, shop/items.csv, shop/stores.parquet',
  ],
])('%s is no table', ([name, failure]) => {
  expect(find(name)).toBe(failure)
})
