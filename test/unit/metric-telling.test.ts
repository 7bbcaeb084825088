import { expect, test } from 'vitest'
import { MetricsFile } from '../../schemas/metrics.ts'
import { describeMetric, lineageText } from '../../src/semantic/describe-metric.ts'
import { accessOf } from '../../src/semantic/plan/access.ts'
import { tellingFor } from '../../src/semantic/telling-for.ts'

const layer = MetricsFile.parse({
  version: 1,
  models: {
    orders: {
      table: 'orders',
      entities: { order: { type: 'primary' }, customer: { type: 'foreign' } },
      dimensions: { is_test: { type: 'categorical' }, margin: { type: 'categorical', expr: 'margin_eur' } },
      measures: {
        amount: { agg: 'sum' },
        paid: { agg: 'sum', expr: "case when state = 'paid' then amount end" },
        earned: { agg: 'sum', expr: 'margin_eur' },
      },
      policy: [{ groups: ['board'] }, { groups: ['sales'], hidden: ['margin'] }],
    },
    customers: {
      table: 'customers',
      entities: { customer: { type: 'primary' } },
      dimensions: { country: { type: 'categorical' }, segment: { type: 'categorical' } },
      policy: [{ groups: ['board'] }, { groups: ['sales'], hidden: ['segment'] }],
    },
    salaries: { table: 'salaries', measures: { salary: { agg: 'sum' } }, policy: [{ groups: ['board'] }] },
  },
  metrics: {
    revenue: { type: 'simple', measure: 'paid', filter: 'not order__is_test' },
    known: { type: 'simple', measure: { name: 'amount', filter: "customer__segment = 'key account'" } },
    austrian: { type: 'derived', expr: 'known', inputs: [{ name: 'known', filter: "customer__country = 'at'" }] },
    earned: { type: 'simple', measure: 'earned', filter: 'order__margin > 5' },
    rich: { type: 'simple', measure: 'amount', filter: 'metric(salary, order) > 5' },
    salary: { type: 'simple', measure: 'salary' },
  },
})

function told(name: string, groups: readonly string[]): string {
  const access = accessOf(layer, { id: 'x', groups, admin: false }, undefined)
  const metric = describeMetric(layer, name, tellingFor(layer, access))
  return metric === undefined
    ? ''
    : [...(metric.filter === null ? [] : [metric.filter]), lineageText(metric.lineage)].join('\n')
}

test('a definition is told with the conditions whose every name the caller sees', () => {
  expect(told('revenue', ['sales'])).toBe(
    'not order__is_test\nmetric revenue = paid\n└─ measure paid = sum(…)\n   └─ table orders',
  )
  expect(told('austrian', ['sales'])).toBe(`metric austrian = known (known where customer__country = 'at')
└─ metric known = amount where a condition that is not yours to see
   └─ measure amount = sum(amount)
      └─ table orders`)
  expect(told('known', ['board'])).toContain("amount where customer__segment = 'key account'")
})

test('no SQL is told, nor a column that a hidden dimension is made of', () => {
  expect(told('earned', ['sales'])).toBe(
    'a condition that is not yours to see\nmetric earned = earned\n└─ measure earned = sum(…)\n   └─ table orders',
  )
  expect(told('earned', ['board'])).toContain('order__margin > 5')
  expect(told('earned', ['board'])).toContain('sum(margin_eur)')
})

test('a condition on a metric that the caller does not see is not told', () => {
  expect(told('rich', ['sales'])).not.toContain('salary')
  expect(told('rich', ['board'])).toContain('metric(salary, order) > 5')
})

test('administrators are told everything', () => {
  expect(
    lineageText(describeMetric(layer, 'revenue')?.lineage ?? { kind: 'metric', name: '', how: '', from: [] }),
  ).toContain("sum(case when state = 'paid' then amount end)")
})
