import { expect, test } from 'vitest'
import { imported, refusalOf } from '../kit/imported.ts'

const sales = `
semantic_models:
  - name: sales
    model: ref('sales')
    defaults: { agg_time_dimension: sold_at }
    entities: [{ name: sale, type: primary }]
    dimensions:
      - { name: sold_at, type: time, type_params: { time_granularity: day } }
      - { name: shop, type: categorical }
    measures:
      - { name: total, agg: sum, expr: amount }
      - { name: total_by_shop_day, agg: sum, expr: amount, agg_time_dimension: sold_at }
metrics:
  - { name: revenue, type: simple, type_params: { measure: total } }
  - { name: share, type: ratio, type_params: { numerator: revenue, denominator: revenue } }
  - name: twice
    type: derived
    type_params: { expr: share * 2, metrics: [{ name: share }] }
saved_queries:
  - { name: shares, query_params: { metrics: [share] } }
  - { name: plain, query_params: { metrics: [revenue] } }
`

test.for<[what: string, from: string, to: string, refusal: string]>([
  [
    'a name that ours cannot be',
    'name: revenue,',
    'name: Revenue__net,',
    `a.yml:14:13 metric Revenue__net: "Revenue__net" cannot be a name here: a name has up to 63 lower-case letters, digits and single _, and begins with a letter; call it revenue_net`,
  ],
  [
    'a filter with a function that engines do not share',
    'type_params: { measure: total } }',
    'type_params: { measure: total }, filter: "sold_at > soundex(1)" }',
    'a.yml:14:77 metric revenue: the filter cannot be read: expected a function, found soundex; did you mean round? (character 11)',
  ],
  [
    'a filter with a variable of dbt',
    'type_params: { measure: total } }',
    `type_params: { measure: total }, filter: "shop = {{ var('shop') }}" }`,
    'a.yml:14:77 metric revenue: the filter cannot be read: expected one of Dimension, TimeDimension, Entity, Metric, found var (character 11)',
  ],
  [
    'an unknown aggregation',
    'name: total, agg: sum',
    'name: total, agg: stddev',
    'a.yml:11:9 measure total: agg stddev is none of sum, min, max, average, avg, count, count_distinct, sum_boolean, median, percentile',
  ],
  [
    'a percentile of more than 1',
    'name: total, agg: sum,',
    'name: total, agg: percentile, agg_params: { percentile: 95.0 },',
    'a.yml:11:53 measure total: percentile 95 has to be between 0 and 1, such as 0.95',
  ],
  [
    'a window that is none',
    'type: simple, type_params: { measure: total } }',
    'type: cumulative, type_params: { measure: total, window: 30d } }',
    'a.yml:14:79 metric revenue: "30d" is no window; write it such as 30 days',
  ],
  [
    'a window finer than a millisecond',
    'type: simple, type_params: { measure: total } }',
    'type: cumulative, type_params: { measure: total, window: 5 microseconds } }',
    'a.yml:14:79 metric revenue: microseconds: the finest grain here is millisecond',
  ],
  [
    'arithmetic over what is none of its metrics',
    'expr: share * 2',
    'expr: share * revenue',
    'a.yml:18:26 metric twice: expr names revenue, which is none of its metrics',
  ],
  [
    'a categorical partition',
    'name: shop, type: categorical',
    'name: shop, is_partition: true, type: categorical',
    'a.yml:9:9 dimension sales.shop: only a time dimension can be a partition here',
  ],
])('%s is refused with its place', ([, from, to, refusal]) => {
  const [first] = refusalOf(sales.replace(from, to)).replace('This cannot be carried over:\n  ', '').split('\n')
  expect(first).toBe(refusal)
})

test('what is made of the refused is named, and with --skip-unsupported exactly that is left out and said', () => {
  const broken = sales.replace(
    '{ name: revenue, type: simple',
    '{ name: revenue, time_granularity: decade, type: simple',
  )
  expect(refusalOf(broken)).toBe(`This cannot be carried over:
  a.yml:14:40 metric revenue: decade is no grain here; known: millisecond, second, minute, hour, day, week, month, quarter, year
  --skip-unsupported would leave out with them: metric share, metric twice, query shares, query plain`)
  const { layer, notes } = imported(broken.replace('metrics: [revenue]', 'metrics: [], group_by: [sale__shop]'), {
    skip: true,
  })
  expect(layer.metrics).toEqual({})
  expect(layer.queries).toEqual({ plain: { metrics: [], by: ['sale__shop'] } })
  expect(notes).toEqual([
    'a.yml:14:40 metric revenue: decade is no grain here; known: millisecond, second, minute, hour, day, week, month, quarter, year; left out',
    'a.yml:15:5 metric share: is made of metric revenue; left out',
    'a.yml:16:5 metric twice: is made of metric share; left out',
    'a.yml:20:5 query shares: is made of metric share; left out',
  ])
})

test('without its time dimension a measure is left out, and with its model all that counts its rows', () => {
  const noTime = imported(sales.replace('time_granularity: day', 'time_granularity: decade'), { skip: true })
  expect(noTime.layer.models['sales']).toMatchObject({ dimensions: { shop: {} }, measures: {} })
  expect(noTime.layer.models['sales']).not.toHaveProperty('time')
  expect(noTime.layer.metrics).toEqual({})
  const other = `${sales.replace("model: ref('sales')", 'model: sales')}
semantic_model:
  name: shops
  model: ref('shops')
  entities: [{ name: shop_key, type: primary }]
`
  const noModel = imported(other, { skip: true })
  expect(Object.keys(noModel.layer.models)).toEqual(['shops'])
  expect(noModel.layer.metrics).toEqual({})
  expect(noModel.notes[0]).toBe("a.yml:4:12 model sales: model has to be such as ref('orders'); left out")
})

test('a check of the whole layer leaves out what it finds fault with, and is asked again', () => {
  const asked: string[][] = []
  const { layer } = imported(sales)
  expect(Object.keys(layer.metrics)).toEqual(['revenue', 'share', 'twice'])
  const checked = imported(sales, {
    skip: true,
    check: ({ metrics }) => {
      asked.push(Object.keys(metrics))
      return 'share' in metrics ? [{ path: ['metrics', 'share', 'numerator'], message: 'no' }] : []
    },
  })
  expect(asked).toEqual([['revenue', 'share', 'twice'], ['revenue']])
  expect(checked.notes).toEqual([
    'a.yml:15:5 metric share: numerator: no; left out',
    'a.yml:16:5 metric twice: is made of metric share; left out',
    'a.yml:20:5 query shares: is made of metric share; left out',
  ])
})

test('everything that has no counterpart is said with its place, and nothing else is', () => {
  const { layer, notes } = imported(`
semantic_models:
  - name: Sales
    model: source('raw', 'sales')
    config: { group: finance, meta: { owner: a@example.com, tier: 1 } }
    entities: [{ name: sale, type: primary, role: none, label: Sale }]
    dimensions:
      - { name: Sold_At, type: time, type_params: { time_granularity: microsecond } }
    measures:
      - { name: total, agg: median, expr: amount, agg_params: { use_approximate_percentile: true } }
metrics:
  - { name: rate, type: derived, type_params: { expr: m / m, metrics: [{ name: mid, alias: m }] } }
  - { name: mid, type: simple, description: "{{ doc('mid') }}", type_params: { measure: total, is_private: true } }
  - { name: running, type: cumulative, type_params: { measure: total } }
  - { name: off, config: { enabled: false }, type: simple, type_params: { measure: total } }
`)
  expect(layer.models['sales']).toMatchObject({ table: 'sales', owner: 'a@example.com' })
  expect(layer.models['sales']?.dimensions).toEqual({ sold_at: { type: 'time', grain: 'millisecond' } })
  expect(notes).toEqual([
    'a.yml:3:11 Sales: called sales, as MetricFlow does',
    "a.yml:4:12 source('raw', 'sales'): read as the table sales",
    'a.yml:5:22 semantic_models.Sales.config.group: left out; it has no counterpart here',
    'a.yml:5:67 semantic_models.Sales.config.meta.tier: left out; it has no counterpart here',
    'a.yml:6:51 semantic_models.Sales.entities.sale.role: left out; it has no counterpart here',
    'a.yml:6:64 semantic_models.Sales.entities.sale.label: left out; it has no counterpart here',
    'a.yml:8:17 Sold_At: called sold_at, as MetricFlow does',
    'a.yml:8:71 dimension sold_at: microsecond becomes millisecond, the finest grain here; finer parts are cut off',
    'a.yml:10:63 use_approximate_percentile: left out; the exact value is computed',
    'a.yml:12:5 metric rate: a quotient of whole numbers keeps its fraction here, on every database',
    'a.yml:13:5 metric mid: was hidden; everybody sees it here',
    'a.yml:13:45 description: left out; dbt fills in its template',
    'a.yml:14:5 metric running: no time spine was found; periods are shown from its first row to its last',
    'a.yml:15:37 metric off: left out; it is not enabled',
  ])
})

test('two objects of one name, two formats at once, and nothing about metrics are refused', () => {
  expect(refusalOf(`${sales}\nsemantic_model: { name: sales, model: ref('b'), entities: [] }`)).toMatch(
    /a\.yml:23:17 model sales: sales stands in a\.yml:3:5 too/,
  )
  expect(refusalOf(`${sales}---\nsemantic_model: [{ name: a, datasets: [] }]`)).toBe(
    'It holds both OSI and semantic models of dbt; import them one after the other.',
  )
  expect(refusalOf('models: { +materialized: table }')).toBe(
    "There are no metrics in it: neither MetricFlow's semantic_manifest.json, nor dbt's semantic models in YAML, nor OSI.",
  )
})
