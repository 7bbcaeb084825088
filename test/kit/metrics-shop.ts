import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openTempDir, type TempDir } from './temp-dir.ts'

/** Paid: 30.50 in January 2026, 5.25 in February, 101.00 in April; 1.00 of it by nobody known. */
const orders = `order_id,customer_id,ordered_at,status,amount
1,1,2026-01-05,paid,10.50
2,2,2026-01-20,paid,20.00
3,1,2026-02-03,open,99.00
4,2,2026-02-11,paid,5.25
5,3,2026-04-01,paid,100.00
6,,2026-04-02,paid,1.00
`
const customers = `customer_id,name,country
1,Ada,de
2,Bo,us
3,"Cy \u001b[31mred",fr
`
const metrics = `version: 1
models:
  customers:
    connection: shop
    table: customers.csv
    entities: { customer: { type: primary, expr: customer_id } }
    dimensions:
      name: { type: categorical }
      country: { type: categorical }
  orders:
    connection: shop
    table: orders.csv
    time: ordered_at
    entities:
      order: { type: primary, expr: order_id }
      customer: { type: foreign, expr: customer_id }
    dimensions:
      ordered_at: { type: time, grain: day }
      status: { type: categorical }
    measures:
      order_total: { agg: sum, expr: amount }
      order_count: { agg: count, expr: 1 }
  numbers:
    connection: shop
    query: select i as id, date '2026-01-01' as day from range(100000000000) as t(i)
    time: day
    primary: number
    dimensions: { day: { type: time, grain: day } }
    measures: { id_total: { agg: sum, expr: id } }
metrics:
  revenue:
    type: simple
    measure: order_total
    filter: order__status = 'paid'
    label: Revenue
    description: What customers paid
    synonyms: [sales]
    scope: Excludes what is open
    owner: finance@example.com
    status: certified
    checks:
      enough: { type: row_count, min: 5 }
  ordered: { type: simple, measure: order_total, synonyms: [sales] }
  orders: { type: simple, measure: order_count }
  endless: { type: simple, measure: id_total }
queries:
  revenue_by_country: { metrics: [revenue], by: [customer__country], order: [-revenue] }
`

/** A folder with metrics over CSV files, as an analyst would have it. */
export async function openMetricsShop(): Promise<TempDir> {
  const dir = await openTempDir()
  const files = {
    'aquifer.yaml': `version: 1
connections: { shop: { type: duckdb, path: ./data } }
metrics: ./metrics
`,
    'data/orders.csv': orders,
    'data/customers.csv': customers,
    'metrics/shop.yaml': metrics,
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir.path, name)), { recursive: true })
    await writeFile(join(dir.path, name), text)
  }
  return dir
}
