import { expect, test } from 'vitest'
import { checksText } from '../../src/cli/numbers/checks-text.ts'
import { detailsText } from '../../src/cli/numbers/details-text.ts'
import { explanationText, statementText } from '../../src/cli/numbers/explanation-text.ts'
import { listText } from '../../src/cli/numbers/list-text.ts'
import { verdictText } from '../../src/cli/numbers/verdict-text.ts'

const failed = {
  metric: 'revenue',
  name: 'fresh',
  status: 'failed' as const,
  at: '2026-07-27T10:00:00.000Z',
  message: 'The newest row is 3 days old.',
}
const passed = { ...failed, name: 'has_rows', status: 'passed' as const, message: null }
const never = { metric: 'orders', name: 'key', status: 'never' as const, at: null, message: null }

const metric = {
  name: 'average_order',
  type: 'ratio' as const,
  label: 'Average order',
  description: 'What an order is worth',
  synonyms: ['basket'],
  scope: 'Excludes internal accounts',
  owner: 'finance@example.com',
  status: 'certified' as const,
  successor: null,
  version: 2,
  definition_hash: '0123456789abcdef',
  filter: null,
  freshness_ms: 86_400_000,
  lineage: {
    kind: 'metric' as const,
    name: 'average_order',
    how: 'revenue / orders',
    from: [{ kind: 'metric' as const, name: 'revenue', how: 'order_total', from: [] }],
  },
}
const dimension = { label: null, description: null, grain: null }
const dimensions = [
  { ...dimension, name: 'metric_time', kind: 'time' as const },
  { ...dimension, name: 'customer', kind: 'entity' as const },
  { ...dimension, name: 'order__ordered_at', kind: 'time' as const, grain: 'day' },
  { ...dimension, name: 'customer__country', kind: 'dimension' as const },
  { ...dimension, name: 'customer__segment', kind: 'dimension' as const },
]

test('a metric is described with scope and trust, what it can be asked by, and its lineage', () => {
  expect(detailsText({ metric, dimensions, checks: [passed, failed, never] }, undefined))
    .toBe(`average_order: Average order
What an order is worth

  scope        Excludes internal accounts
  status       certified
  checks       ✓ revenue.has_rows passed (2026-07-27 10:00:00 UTC)
               ✗ revenue.fresh fails: The newest row is 3 days old. (2026-07-27 10:00:00 UTC)
               · orders.key: not run yet
  freshness    stale when older than 1 d
  owner        finance@example.com
  also called  basket
  version      2 (0123456789ab)

asked by
               metric_time (time), customer (entity)
  order__…     ordered_at (time, day or coarser)
  customer__…  country, segment

comes from
  metric average_order = revenue / orders
  └─ metric revenue = order_total

Ask: aquifer metrics query average_order --by metric_time__month`)
})

test('many dimensions are wrapped between names, never cut', () => {
  const many = Array.from({ length: 7 }, (_, index) => ({
    ...dimension,
    name: `customer__attribute_${String(index)}`,
    kind: 'dimension' as const,
  }))
  const text = detailsText({ metric, dimensions: many, checks: [] }, 60)
  expect(text).toContain(`asked by
  customer__…  attribute_0, attribute_1, attribute_2,
               attribute_3, attribute_4, attribute_5,
               attribute_6
`)
})

test('checks that fail come first', () => {
  expect(checksText([passed, never, failed], undefined))
    .toBe(`metric   check     status         when                     what was found
revenue  fresh     ✗ failed       2026-07-27 10:00:00 UTC  The newest row is 3 days old.
orders   key       · not yet run
revenue  has_rows  ✓ passed       2026-07-27 10:00:00 UTC`)
  expect(checksText([], undefined)).toBe('No checks are declared.')
})

test('a list shows a metric a line, cut to the width', () => {
  const summary = { type: 'simple' as const, label: 'Revenue', synonyms: [], dimensions: [] }
  const metrics = [
    {
      ...summary,
      name: 'revenue',
      description: 'What\ncustomers paid',
      scope: 'No tests',
      status: 'certified' as const,
      checks: 'failed' as const,
    },
    { ...summary, name: 'stock', description: null, scope: null, status: 'draft' as const, checks: 'none' as const },
  ]
  expect(listText(metrics, undefined)).toBe(`metric   type    status     checks  what it is
revenue  simple  certified  ✗ FAIL  What customers paid; No tests
stock    simple  draft              Revenue`)
  expect(listText(metrics, 50).split('\n')[1]).toBe('revenue  simple  certified  ✗ FAIL  What customer…')
})

test('a verdict says where the data stood and stand', () => {
  const message = 'The data were written to since.'
  expect(verdictText({ verdict: 'data moved on', message, watermark: { before: 'a1', now: 'b2' } })).toBe(
    `~ data moved on: ${message}\n  data then  a1\n  data now   b2`,
  )
  expect(verdictText({ verdict: 'same', message: 'As it was.', watermark: { before: 'a1', now: 'a1' } })).toBe(
    '✓ same: As it was.\n  data  a1',
  )
})

test('a statement is printed as a script, its parameters as comments', () => {
  const explanation = {
    sql: 'SELECT 1\nWHERE a = $1',
    values: ["us'\n", 2],
    dialect: 'duckdb',
    connection: 'shop',
    tables: ['orders.csv', 'customers.csv'],
    models: ['customers', 'orders'],
    steps: ['orders joins customers by customer'],
  }
  const script = 'SELECT 1\nWHERE a = $1\n-- parameters, in their order\n-- 1: "us\'\\n"\n-- 2: 2'
  expect(statementText(explanation)).toBe(script)
  expect(explanationText(explanation)).toBe(
    `connection  shop (duckdb)\nmodels      customers, orders\ntables      orders.csv, customers.csv\n\norders joins customers by customer\n\n${script}`,
  )
})
