import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NumbersTable } from '../../schemas/numbers.ts'
import type { Status } from '../../schemas/search.ts'
import { openConfigFolder } from '../kit/config-folder.ts'
import { endOf, runJson, runProgram, startProgram } from '../kit/program.ts'
import { until } from '../kit/until.ts'

const orders = (rows: readonly string[]): string => ['order_id,store,amount,ordered_on', ...rows, ''].join('\n')
const before = ['1,a,10,2026-01-05', '2,b,20,2026-01-06', '3,,5,2026-02-01']

const files = {
  'aquifer.yaml': 'version: 1\nconnections: { shop: { type: duckdb, path: ./data } }\nmetrics: ./metrics\n',
  'data/orders.csv': orders(before),
  'data/stores.csv': 'store\na\nb\nb\n',
  'metrics/shop.yaml': `version: 1
models:
  orders:
    table: orders.csv
    time: ordered_on
    entities: { order: { type: primary, expr: order_id }, store: { type: foreign } }
    dimensions: { ordered_on: { type: time, grain: day } }
    measures: { amount: { agg: sum } }
  stores:
    table: stores.csv
    entities: { store: { type: primary } }
metrics:
  revenue:
    type: simple
    measure: amount
    status: certified
    checks_every: 1s
    checks: { store_known: { type: not_null, column: store } }
queries:
  by_day: { metrics: [revenue], by: [metric_time__day], every: EVERY }
`,
}

const monthly = ['metrics', 'query', 'revenue', '--by', 'metric_time__month']

test('a sync keeps numbers and runs checks; answers come from what is kept, and say what does not hold', async () => {
  const yaml = files['metrics/shop.yaml'].replace('EVERY', '1h')
  await using folder = await openConfigFolder({ ...files, 'metrics/shop.yaml': yaml })
  const dir = folder.path
  const synced = await runJson<{ numbers: object }>(['sync'], { dir })
  expect(synced.numbers).toMatchObject({
    checks: [
      { metric: 'revenue', name: 'store_known', status: 'failed', message: '1 of 3 rows have no value of store.' },
      { metric: 'revenue', name: 'key store of stores', status: 'failed' },
    ],
    kept: [{ name: 'by_day', how: 'whole', error: null }],
    elsewhere: false,
    error: null,
  })
  const table = NumbersTable.parse(await runJson(monthly, { dir }))
  expect(table.rows).toEqual([
    ['2026-01-01', 30],
    ['2026-02-01', 5],
  ])
  expect(table.notices[0]).toMatch(/^revenue is certified, but its check store_known fails: 1 of 3 rows/)
  await writeFile(join(dir, 'data/orders.csv'), orders([...before, '4,a,100,2026-02-02']))
  const kept = NumbersTable.parse(await runJson(monthly, { dir }))
  expect(kept).toMatchObject({
    rows: table.rows,
    receipt: { as_of: table.receipt.as_of, watermark: table.receipt.watermark },
  })
  const asked = NumbersTable.parse(await runJson(['metrics', 'query', 'revenue'], { dir }))
  expect(asked.rows).toEqual([[35]])
  const receipt = join(dir, 'receipt.json')
  await writeFile(receipt, JSON.stringify(kept.receipt))
  const verified = await runProgram(['--json', 'metrics', 'verify', receipt], { dir })
  expect(JSON.parse(verified.stdout)).toMatchObject({ verdict: 'data moved on' })
  const status = await runJson<Status>(['status'], { dir })
  expect(status.notices.join(' ')).toContain(
    'revenue (key store of stores), revenue (store_known): checks that do not hold.',
  )
  const again = await runProgram(['sync'], { dir })
  expect(again.stdout).toContain(`0 of 2 checks of metrics hold.
Kept up to date: by_day.
revenue: check store_known fails: 1 of 4 rows have no value of store.`)
  expect(NumbersTable.parse(await runJson(monthly, { dir })).rows[1]).toEqual(['2026-02-01', 105])
})

test('a watch notices new rows and a check that does not hold any more, and nothing of it ends when a file is gone', async () => {
  const yaml = files['metrics/shop.yaml'].replace('EVERY', '1s')
  const clean = { 'data/orders.csv': orders(before.slice(0, 2)), 'data/stores.csv': 'store\na\nb\n' }
  await using folder = await openConfigFolder({ ...files, ...clean, 'metrics/shop.yaml': yaml })
  const dir = folder.path
  const child = startProgram(['sync', '--watch'], { dir })
  const ended = endOf(child)
  const ask = async (): Promise<NumbersTable> => NumbersTable.parse(await runJson(monthly, { dir }))
  await until(async () => (await ask()).receipt.checks === 'passed')
  await writeFile(join(dir, 'data/orders.csv'), orders(before))
  await until(async () => {
    const { rows, receipt } = await ask()
    return rows.length === 2 && receipt.checks === 'failed'
  })
  await writeFile(join(dir, 'data/orders.csv'), 'order_id\n1\n')
  await until(async () =>
    (await runJson<Status>(['status'], { dir })).notices.join(' ').includes('by_day was not computed'),
  )
  await writeFile(join(dir, 'data/orders.csv'), orders(before.slice(0, 2)))
  await until(async () => (await ask()).receipt.checks === 'passed')
  child.kill('SIGINT')
  const { code, stderr } = await ended
  expect(code).toBe(130)
  expect(stderr).toContain('revenue: check store_known fails: 1 of 3 rows have no value of store.')
  expect(stderr).toMatch(/revenue: check store_known could not be run: METRIC_\w+: Connection shop/)
})
