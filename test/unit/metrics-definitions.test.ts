import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { loadMetrics } from '../../src/cli/load-metrics.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { describeMetric, lineageText, type MetricDescription } from '../../src/semantic/describe-metric.ts'
import type { MetricLayer } from '../../schemas/metrics.ts'
import { openTempDir } from '../kit/temp-dir.ts'

const orders = `version: 1
models:
  orders:
    connection: shop
    table: public.orders
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
`
const metrics = `version: 1
metrics:
  revenue:
    type: simple
    measure: order_total
    filter: status = 'paid'
    label: Revenue
    description: What customers paid
    synonyms: [turnover, sales]
    scope: Excludes internal accounts
    owner: finance@example.com
    status: certified
  orders: { type: simple, measure: order_count }
  average_order:
    type: ratio
    numerator: revenue
    denominator: { name: orders, filter: status = 'paid' }
`

/** What these files of the folder `metrics` define; messages name them as below the configuration's folder. */
async function load(files: Readonly<Record<string, string>>): Promise<MetricLayer> {
  await using dir = await openTempDir()
  const all = {
    'aquifer.yaml': `version: 1
connections: { shop: { type: postgres, url: 'postgresql://app@127.0.0.1/shop' } }
metrics: ./metrics
`,
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`metrics/${name}`, text])),
  }
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(dir.path, name)), { recursive: true })
    await writeFile(join(dir.path, name), text)
  }
  return await loadMetrics(await loadConfig({ dir: dir.path, env: {} }), dir.path)
}

function described(layer: MetricLayer, name: string): MetricDescription {
  const metric = describeMetric(layer, name)
  if (metric === undefined) throw new Error(`there is no ${name}`)
  return metric
}

async function faultsOf(files: Readonly<Record<string, string>>): Promise<string> {
  const error: unknown = await load(files).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
  return error instanceof Error ? error.message : ''
}

test('all files of the folder are one layer, and a metric is described down to its tables', async () => {
  const layer = await load({ 'orders.yaml': orders, 'finance/revenue.yml': metrics })
  expect(lineageText(described(layer, 'average_order').lineage))
    .toBe(`metric average_order = revenue / orders where status = 'paid'
├─ metric revenue = order_total
│  └─ measure order_total = sum(amount)
│     └─ table public.orders on shop
└─ metric orders = order_count
   └─ measure order_count = count(1)
      └─ table public.orders on shop`)
  expect(describeMetric(layer, 'revenue')).toMatchObject({
    status: 'certified',
    scope: 'Excludes internal accounts',
    owner: 'finance@example.com',
    synonyms: ['turnover', 'sales'],
    filter: "status = 'paid'",
  })
  expect(describeMetric(layer, 'constructor')).toBeUndefined()
})

test('the hash of a definition changes with what can change the number, and with nothing else', async () => {
  const hash = async (changed: string, other = orders): Promise<string | undefined> =>
    describeMetric(await load({ 'a.yaml': other, 'b.yaml': changed }), 'average_order')?.definition_hash
  const before = await hash(metrics)
  expect(await hash(metrics.replace('What customers paid', 'Paid').replace('certified', 'draft'))).toBe(before)
  expect(await hash(metrics.replace("filter: status = 'paid'", "filter: status = 'open'"))).not.toBe(before)
  expect(await hash(metrics, orders.replace('expr: amount', 'expr: net'))).not.toBe(before)
})

test.for<[what: string, from: string, to: string, fault: string]>([
  [
    'a type that does not exist',
    'agg: count,',
    'agg: cuont,',
    'metrics/a.yaml:15:27 models.orders.measures.order_count.agg: expected sum, min, max, avg, count, count_distinct, sum_boolean, median or percentile; did you mean count?',
  ],
  [
    'a name with a double underscore',
    'order_count: { agg',
    'order__count: { agg',
    'metrics/a.yaml:15:7 models.orders.measures.order__count: expected lower-case letters, digits and single _',
  ],
  [
    'an unknown connection',
    'connection: shop',
    'connection: shp',
    'metrics/a.yaml:4:17 models.orders.connection: there is no connection shp; did you mean shop?',
  ],
  [
    'a time that is none',
    'time: ordered_at',
    'time: status',
    'metrics/a.yaml:6:11 models.orders.time: there is no time dimension status; known: ordered_at',
  ],
  [
    'a table and a query',
    'table: public.orders',
    'table: public.orders\n    query: select 1',
    'metrics/a.yaml:4:5 models.orders: needs `table` or `query`, and not both',
  ],
  [
    'a percentile without its place',
    'agg: sum',
    'agg: percentile',
    'metrics/a.yaml:14:20 models.orders.measures.order_total: `percentile: { at: … }` goes with `agg: percentile`, and only with it',
  ],
  [
    'an unknown measure',
    'measure: order_total',
    'measure: order_totl',
    'metrics/b.yaml:5:14 metrics.revenue.measure: there is no measure order_totl; did you mean order_total?',
  ],
  [
    'a metric made of itself',
    'numerator: revenue',
    'numerator: average_order',
    'metrics/b.yaml:15:5 metrics.average_order: is made of itself: average_order → average_order',
  ],
  [
    'a successor of what is not deprecated',
    'status: certified',
    'successor: orders',
    'metrics/b.yaml:12:16 metrics.revenue.successor: goes with `status: deprecated`',
  ],
])('%s is refused with its place', async ([, from, to, fault]) => {
  expect(await faultsOf({ 'a.yaml': orders.replace(from, to), 'b.yaml': metrics.replace(from, to) })).toBe(fault)
})

test('a name that two files define is refused, and so is a folder without files', async () => {
  expect(await faultsOf({ 'a.yaml': orders, 'b.yaml': metrics, 'c.yaml': orders })).toBe(
    'metrics/c.yaml:3:3 models.orders: stands in metrics/a.yaml:3:3 too',
  )
  expect(await faultsOf({ 'readme.md': 'none' })).toBe('metrics: the folder metrics holds no .yaml or .metrics.ts file')
})

test('a file of the folder may be TypeScript', async () => {
  const written = `export default {
    version: 1,
    metrics: Object.fromEntries(['web', 'store'].map((channel) => [
      channel + '_orders',
      { type: 'simple', measure: 'order_count', filter: "order__status = '" + channel + "'" },
    ])),
  }`
  const layer = await load({ 'orders.yaml': orders, 'channels.metrics.ts': written })
  expect(Object.keys(layer.metrics)).toEqual(['web_orders', 'store_orders'])
  expect(layer.metrics['web_orders']).toMatchObject({ measure: 'order_count', filter: "order__status = 'web'" })
})

test('a metric may not depend on itself through a condition, nor on one that is not there', async () => {
  const busy = `version: 1
metrics:
  orders: { type: simple, measure: order_count, filter: 'metric(busy, customer) > 1' }
  busy: { type: ratio, numerator: orders, denominator: orders }
  lost: { type: simple, measure: order_count, filter: 'metric(orderz, customer) > 1' }
`
  expect(await faultsOf({ 'orders.yaml': orders, 'busy.yaml': busy })).toBe(
    [
      '3 problems:',
      'metrics/busy.yaml:3:11 metrics.orders: is made of itself: orders → busy → orders',
      'metrics/busy.yaml:4:9 metrics.busy: is made of itself: busy → orders → busy',
      'metrics/busy.yaml:5:9 metrics.lost: there is no metric orderz; did you mean orders?',
    ].join('\n  '),
  )
})
