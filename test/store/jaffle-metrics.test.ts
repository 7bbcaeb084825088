import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { OpenNumbers } from '../../src/open-numbers.ts'
import { jaffleLayer } from '../kit/jaffle-layer.ts'
import { comparable } from '../kit/metric-cases.ts'
import { jaffleFolder, loadJaffleTables } from '../kit/metric-tables.ts'
import { openNumbersFolder } from '../kit/numbers-folder.ts'
import { openTestDatabase } from '../kit/postgres.ts'

const caller = { id: 'test', groups: [], admin: true }
const isHere = existsSync(jaffleFolder)
if (!isHere) console.warn(`SKIPPING the jaffle shop: ${jaffleFolder} is not there.`)

const Expected = z.array(z.object({ name: z.string(), rows: z.array(z.array(z.union([z.string(), z.number()]))) }))
const rowsOf = new Map(
  isHere
    ? Expected.parse(JSON.parse(readFileSync(join(jaffleFolder, 'expected_metrics.json'), 'utf8'))).map(
        ({ name, rows }) => [name, rows] as const,
      )
    : [],
)

/** How each of the expected tables is asked for; all of the answer's columns are compared, unless it says which. */
const questions = {
  orders: { metrics: ['orders'] },
  order_total_usd: { metrics: ['order_total'] },
  order_total_by_month: { metrics: ['orders', 'order_total'], by: ['metric_time__month'] },
  order_total_by_store: { metrics: ['orders', 'order_total', 'tax_paid'], by: ['store__name'] },
  revenue_by_product_type: { metrics: ['items', 'revenue'], by: ['item__type'] },
  food_revenue_pct: { metrics: ['food_revenue_pct'] },
  supply_cost: { metrics: ['supply_cost'] },
  gross_profit: { metrics: ['gross_profit'] },
  large_orders: { metrics: ['large_orders'] },
  new_customers_by_month: { metrics: ['new_customers'], by: ['metric_time__month'] },
  average_order_value: { metrics: ['average_order_value'] },
  cumulative_order_total: { metrics: ['cumulative_order_total'], by: ['metric_time__month'] },
  rolling_28d_orders_last_day: {
    metrics: ['rolling_28d_orders'],
    by: ['metric_time__day'],
    order: ['-metric_time__day'],
    limit: 1,
  },
} as const

async function openDuckdb(): Promise<object> {
  return Promise.resolve({ type: 'duckdb', path: jaffleFolder })
}

async function openPostgres(stack: AsyncDisposableStack): Promise<object> {
  const database = stack.use(await openTestDatabase())
  await loadJaffleTables(database.url)
  return { type: 'postgres', url: database.url }
}

describe.skipIf(!isHere).each([
  ['duckdb', openDuckdb],
  ['postgres', openPostgres],
] as const)('the metrics of the jaffle shop on %s', (_engine, openConnection) => {
  const stack = new AsyncDisposableStack()
  let opened: OpenNumbers

  beforeAll(async () => {
    const folder = stack.use(await openNumbersFolder(await openConnection(stack), { 'jaffle.yaml': jaffleLayer }))
    opened = stack.use(await folder.open())
  })
  afterAll(() => stack.disposeAsync())

  test.each(Object.keys(questions))('%s', async (name) => {
    const request = questions[name as keyof typeof questions]
    const answer = await opened.numbers.ask(request, caller)
    if (!('rows' in answer)) throw new Error(JSON.stringify(answer))
    const expected = rowsOf.get(name) ?? []
    // The last day's own date is not among what is expected.
    const rows = answer.rows.map((row) => row.slice(row.length - (expected[0]?.length ?? 0)))
    expect(comparable(rows, true)).toEqual(comparable(expected, true))
  })

  test('all of the expected tables are asked for', () => {
    expect(Object.keys(questions).toSorted()).toEqual([...rowsOf.keys()].toSorted())
  })
})
