import { expect, test } from 'vitest'
import { yamlText } from '../../src/config/metrics-text.ts'
import { exportOsi } from '../../src/semantic/interchange/osi/export-osi.ts'
import { imported, layerOf, refusalOf } from '../kit/imported.ts'

const field = (name: string, expression = name, more = ''): string =>
  `          - { name: ${name}, expression: { dialects: [{ dialect: ANSI_SQL, expression: "${expression}" }] }${more} }`

const shop = `
version: "1.0"
semantic_model:
  - name: shop
    datasets:
      - name: orders
        source: lake.public.orders
        primary_key: [order_id]
        unique_keys: [[invoice]]
        description: Every order
        ai_context: { synonyms: [purchases], instructions: One row each }
        fields:
${field('order_id')}
${field('customer_id')}
${field('ordered_at', 'ordered_at', ', dimension: { is_time: true }, description: When')}
${field('order_year', 'year(ordered_at)', ', dimension: { is_time: true }')}
${field('net', 'orders.amount - orders.tax')}
      - name: customers
        source: customers
        primary_key: [id]
        fields:
${field('id')}
${field('country', 'UPPER(country)', ', ai_context: "Where they live"')}
    relationships:
      - { name: orders_buyer, from: orders, to: customers, from_columns: [customer_id], to_columns: [id] }
    metrics:
      - { name: revenue, expression: { dialects: [{ dialect: ANSI_SQL, expression: SUM(orders.net) }] } }
      - name: paid
        expression: SUM(CASE WHEN orders.state = 'paid' THEN orders.net END)
      - name: average_order
        expression: { dialects: [{ dialect: ANSI_SQL, expression: "SUM(orders.net) / NULLIF(COUNT(DISTINCT customers.id), 0)" }] }
        ai_context: { synonyms: [basket] }
      - name: margin
        expression: [{ dialect: ANSI_SQL, expression: (revenue - SUM(orders.cost)) / revenue * 100 }]
      - name: p90
        expression: PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY orders.net)
`

test('datasets become models: keys and relationships entities, fields dimensions, sources tables', () => {
  const { layer, notes } = imported(shop, { schema: 'web' })
  expect(layer.models).toEqual({
    orders: {
      connection: 'wh',
      table: 'public.orders',
      description: 'Every order\n\nOne row each',
      synonyms: ['purchases'],
      time: 'ordered_at',
      entities: {
        orders: { type: 'primary', expr: 'order_id' },
        customers: { type: 'foreign', expr: 'customer_id' },
      },
      dimensions: {
        order_id: { type: 'categorical' },
        customer_id: { type: 'categorical' },
        ordered_at: { type: 'time', description: 'When', grain: 'day' },
        order_year: { type: 'categorical', expr: 'year(ordered_at)' },
        net: { type: 'categorical', expr: 'amount - tax' },
      },
      measures: {
        revenue: { agg: 'sum', expr: '(amount - tax)' },
        paid: { agg: 'sum', expr: "CASE WHEN state = 'paid' THEN (amount - tax) END" },
        sum_orders_cost: { agg: 'sum', expr: 'cost' },
        p90: { agg: 'percentile', expr: '(amount - tax)', percentile: { at: 0.9 } },
      },
    },
    customers: {
      connection: 'wh',
      table: 'web.customers',
      entities: { customers: { type: 'primary', expr: 'id' } },
      dimensions: {
        id: { type: 'categorical' },
        country: { type: 'categorical', expr: 'UPPER(country)', description: 'Where they live' },
      },
      measures: { count_distinct_customers_id: { agg: 'count_distinct', expr: 'id' } },
    },
  })
  expect(notes).toEqual([
    'a.yml:7:17 database lake: left out; the tables are those of the connection wh',
    'a.yml:15:13 field ordered_at: OSI says no grain of a time; it becomes day',
    'a.yml:16:13 field order_year: taken for a part of dates, as a categorical dimension; OSI does not say its type',
    'a.yml:30:9 metric average_order: each part is aggregated over its own dataset (orders, customers), none is joined first',
  ])
})

test('one aggregate becomes a simple metric, a quotient of two a ratio, other arithmetic a derived one', () => {
  expect(imported(shop).layer.metrics).toEqual({
    revenue: { type: 'simple', measure: 'revenue' },
    paid: { type: 'simple', measure: 'paid' },
    p90: { type: 'simple', measure: 'p90' },
    count_distinct_customers_id: {
      type: 'simple',
      measure: 'count_distinct_customers_id',
      description: 'Part of average_order',
    },
    average_order: {
      type: 'ratio',
      numerator: 'revenue',
      denominator: 'count_distinct_customers_id',
      synonyms: ['basket'],
    },
    sum_orders_cost: { type: 'simple', measure: 'sum_orders_cost', description: 'Part of margin' },
    margin: {
      type: 'derived',
      expr: '(revenue - sum_orders_cost) / revenue * 100',
      inputs: ['revenue', 'sum_orders_cost'],
    },
  })
})

test('a role, a key that is not the primary one, a composite key and a row without a key', () => {
  const { layer, notes } = imported(`
semantic_model:
  - name: shop
    datasets:
      - { name: Users, source: users, primary_key: [id], unique_keys: [[mail]] }
      - { name: orders, source: select * from orders, primary_key: [shop_id, order_no] }
    relationships:
      - { name: buyer, from: orders, to: users, from_columns: [buyer_id], to_columns: [id] }
      - { name: seller, from: orders, to: users, from_columns: [seller_id], to_columns: [id] }
      - { name: by_mail, from: orders, to: USERS, from_columns: [mail], to_columns: [mail] }
      - { name: both, from: orders, to: users, from_columns: [a, b], to_columns: [c, d] }
      - { name: nowhere, from: orders, to: shops, from_columns: [a], to_columns: [c] }
`)
  expect(layer.models).toEqual({
    users: {
      connection: 'wh',
      table: 'users',
      entities: { users: { type: 'primary', expr: 'id' }, users_by_mail: { type: 'unique', expr: 'mail' } },
      dimensions: {},
      measures: {},
    },
    orders: {
      connection: 'wh',
      query: 'select * from orders',
      primary: 'orders',
      entities: {
        buyer: { type: 'foreign', expr: 'buyer_id', of: 'users' },
        seller: { type: 'foreign', expr: 'seller_id', of: 'users' },
        by_mail: { type: 'foreign', expr: 'mail', of: 'users_by_mail' },
      },
      dimensions: {},
      measures: {},
    },
  })
  expect(notes).toEqual([
    'a.yml:5:17 Users: called users',
    'a.yml:11:9 relationship both: left out; it joins on 2 columns, and an entity is one',
    'a.yml:12:9 relationship nowhere: left out; one of its datasets is not there',
  ])
})

test.for<[what: string, sql: string, refusal: string]>([
  ['a window function', 'SUM(orders.net) OVER ()', 'OVER has no counterpart here'],
  ['an aggregate over two datasets', 'SUM(orders.net * customers.id)', 'one aggregate has columns of two datasets'],
  ['a subquery', '(SELECT 1)', 'not arithmetic over aggregates: SELECT'],
  ['a column of no dataset', 'SUM(nobody)', 'which dataset its columns are of is not said; write dataset.field'],
  ['an unknown aggregate', 'STDDEV(orders.net)', 'not arithmetic over aggregates: STDDEV'],
  ['a column without an aggregate', 'orders.net', 'not arithmetic over aggregates: orders'],
  ['an unclosed parenthesis', 'SUM(orders.net', 'not arithmetic over aggregates: it ends too early'],
  ['endless nesting', `${'('.repeat(5000)}SUM(orders.net)`, 'nested deeper than 100 levels'],
])('%s is refused', ([, sql, refusal]) => {
  const said = shop
    .replace('SUM(orders.net) } ', `"${sql}" } `)
    .replace('expression: SUM(orders.net) }', `expression: "${sql}" }`)
  expect(
    refusalOf(said)
      .split('\n')
      .find((line) => line.includes('metric revenue')),
  ).toMatch(new RegExp(`metric revenue: ${refusal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`))
})

const layer = layerOf({
  models: {
    orders: {
      connection: 'wh',
      table: 'public.orders',
      time: 'ordered_at',
      append_only: true,
      look_back: '3 days',
      owner: 'a@example.com',
      description: 'Every order',
      entities: {
        order: { type: 'primary', expr: 'order_id' },
        buyer: { type: 'foreign', expr: 'customer_id', of: 'customer' },
      },
      dimensions: {
        ordered_at: { type: 'time', grain: 'hour', zone: 'UTC' },
        paid: { type: 'categorical', expr: "state = 'paid'", synonyms: ['settled'] },
      },
      measures: {
        total: { agg: 'sum', expr: 'amount' },
        orders: { agg: 'sum', expr: 1 },
        paid_orders: { agg: 'sum_boolean', expr: "state = 'paid'" },
        p90: { agg: 'percentile', expr: 'amount', percentile: { at: 0.9, discrete: true } },
        last: { agg: 'sum', expr: 'amount', over_time: { dimension: 'ordered_at', choose: 'max' } },
      },
      policy: [{ groups: ['eu'], rows: "buyer__country <> 'us'", hidden: ['paid'], min_rows: 5 }],
    },
    customers: {
      connection: 'wh',
      query: 'select * from customers',
      entities: { customer: { type: 'primary', expr: 'id' } },
      dimensions: { country: { type: 'categorical' } },
    },
  },
  metrics: {
    revenue: { type: 'simple', measure: 'total', synonyms: ['turnover'], status: 'certified', freshness: '90m' },
    orders: { type: 'simple', measure: 'orders' },
    p90: { type: 'simple', measure: 'p90' },
    paid_share: { type: 'ratio', numerator: 'paid_orders', denominator: 'orders' },
    paid_orders: { type: 'simple', measure: 'paid_orders', checks: { fresh: { type: 'freshness', within: '2d' } } },
    margin: { type: 'derived', expr: '(revenue - 2) / orders', inputs: ['revenue', { name: 'orders' }] },
    us_revenue: { type: 'simple', measure: 'total', filter: "buyer__country = 'us'" },
    us_share: { type: 'ratio', numerator: 'us_revenue', denominator: 'revenue' },
    trailing: { type: 'cumulative', measure: { name: 'total', fill: 0 }, window: '7 days' },
    last: { type: 'simple', measure: 'last' },
    grown: { type: 'ratio', numerator: 'revenue', denominator: { name: 'revenue', offset: '1 month' } },
  },
  queries: { monthly: { metrics: ['revenue'], by: ['metric_time__month'], every: '1h' } },
  calendars: { days: { connection: 'wh', table: 'days', column: 'day', grain: 'day', periods: { fiscal: 'fq' } } },
})

test('an export says in OSI what no reader can take for another number', () => {
  const { document, unsaid } = exportOsi(layer)
  const [model] = document.semantic_model
  expect(document.version).toBe('1.0')
  expect(model?.datasets.map((dataset) => ({ ...dataset, custom_extensions: undefined }))).toEqual([
    {
      name: 'orders',
      source: 'public.orders',
      primary_key: ['order_id'],
      description: 'Every order',
      fields: [
        ['ordered_at', 'ordered_at', { dimension: { is_time: true } }],
        ['paid', "state = 'paid'", { dimension: { is_time: false }, ai_context: { synonyms: ['settled'] } }],
        ['order_id', 'order_id', { dimension: { is_time: false } }],
        ['customer_id', 'customer_id', { dimension: { is_time: false } }],
        ['amount', 'amount', {}],
        ['orders', '1', {}],
        ['paid_orders', "state = 'paid'", {}],
      ].map(([name, expression, more]) => ({
        name,
        expression: { dialects: [{ dialect: 'ANSI_SQL', expression }] },
        ...(more as object),
      })),
    },
    {
      name: 'customers',
      source: 'select * from customers',
      primary_key: ['id'],
      fields: ['country', 'id'].map((name) => ({
        name,
        expression: { dialects: [{ dialect: 'ANSI_SQL', expression: name }] },
        dimension: { is_time: false },
      })),
    },
  ])
  expect(model?.relationships).toEqual([
    {
      name: 'orders_to_customers_by_buyer',
      from: 'orders',
      to: 'customers',
      from_columns: ['customer_id'],
      to_columns: ['id'],
    },
  ])
  expect(model?.metrics?.map(({ name, expression }) => [name, expression.dialects[0]?.expression])).toEqual([
    ['revenue', 'SUM(orders.amount)'],
    ['orders', 'SUM(orders.orders)'],
    ['p90', 'PERCENTILE_DISC(0.9) WITHIN GROUP (ORDER BY orders.amount)'],
    [
      'paid_share',
      'CAST(SUM(CASE WHEN orders.paid_orders THEN 1 ELSE 0 END) AS DOUBLE PRECISION) / NULLIF(SUM(orders.orders), 0)',
    ],
    ['paid_orders', 'SUM(CASE WHEN orders.paid_orders THEN 1 ELSE 0 END)'],
    ['margin', '(CAST((SUM(orders.amount) - 2) AS DOUBLE PRECISION) / NULLIF(SUM(orders.orders), 0))'],
  ])
  expect(unsaid).toEqual(['us_revenue', 'us_share', 'trailing', 'last', 'grown'])
})

const keysOf = (all: readonly object[] | undefined): readonly string[] =>
  [...new Set((all ?? []).flatMap((one) => Object.keys(one)))].toSorted()

test('the shape is that of OSI 1.0: its keys, and only vendors that it knows', () => {
  const { document } = exportOsi(layer)
  const [model] = document.semantic_model
  expect(Object.keys(document)).toEqual(['version', 'semantic_model'])
  expect(keysOf([model ?? {}])).toEqual(['custom_extensions', 'datasets', 'metrics', 'name', 'relationships'])
  expect(keysOf(model?.datasets)).toEqual([
    'custom_extensions',
    'description',
    'fields',
    'name',
    'primary_key',
    'source',
  ])
  expect(keysOf(model?.datasets.flatMap(({ fields }) => fields ?? []))).toEqual([
    'ai_context',
    'dimension',
    'expression',
    'name',
  ])
  expect(keysOf(model?.metrics)).toEqual(['ai_context', 'custom_extensions', 'expression', 'name'])
  const extensions = [model, ...(model?.datasets ?? []), ...(model?.metrics ?? [])].flatMap(
    (one) => one?.custom_extensions ?? [],
  )
  expect(new Set(extensions.map(({ vendor_name }) => vendor_name))).toEqual(new Set(['COMMON']))
  expect(extensions.every(({ data }) => 'aquifer' in (JSON.parse(data) as object))).toBe(true)
})

test('an import of an export is the same layer again', () => {
  const { layer: again, notes } = imported(yamlText(exportOsi(layer).document))
  expect(layerOf(again)).toEqual(layer)
  expect(notes).toEqual([])
})

test('where an export was edited Aquifer’s own definition counts, with its policy, and the edit is said to be left out', () => {
  const text = yamlText(exportOsi(layer).document)
  const edited = text
    .replace('description: Every order', 'description: Some orders')
    .replace('SUM(orders.amount)', 'MAX(orders.amount)')
  const { layer: again, notes } = imported(edited)
  expect(layerOf(again)).toEqual(layer)
  expect(notes.map((note) => note.replace(/^\S+ /, ''))).toEqual([
    'dataset orders: what OSI says otherwise than Aquifer exported is left out; the extension of Aquifer counts',
    'metric revenue: what OSI says otherwise than Aquifer exported is left out; the extension of Aquifer counts',
  ])
})

test('without its extensions an export is read as anybody’s: the same numbers, less said of them', () => {
  const { document } = exportOsi(layer)
  const bare = JSON.stringify(document, (key, value: unknown) => (key === 'custom_extensions' ? undefined : value))
  const { layer: again } = imported(bare)
  expect(Object.keys(again.metrics)).toEqual(['revenue', 'orders', 'p90', 'paid_orders', 'paid_share', 'margin'])
  expect(again.metrics['margin']).toEqual({
    type: 'derived',
    expr: '(revenue - 2) / nullif(orders, 0)',
    inputs: ['revenue', 'orders'],
  })
})
