import { expect, test } from 'vitest'
import { MetricsFile } from '../../schemas/metrics.ts'
import { explainSteps } from '../../src/semantic/ask/explain-steps.ts'
import { questionOf } from '../../src/semantic/ask/understand.ts'
import { accessOf } from '../../src/semantic/plan/access.ts'

const { version: _, ...layer } = MetricsFile.parse({
  version: 1,
  models: {
    customers: {
      connection: 'shop',
      table: 'customers',
      entities: { customer: { type: 'primary' }, country: { type: 'foreign' } },
      dimensions: { segment: { type: 'categorical' } },
    },
    countries: {
      connection: 'shop',
      table: 'countries',
      entities: { country: { type: 'primary' } },
      dimensions: { region: { type: 'categorical' } },
    },
    orders: {
      connection: 'shop',
      table: 'orders',
      time: 'ordered_at',
      entities: { order: { type: 'primary' }, customer: { type: 'foreign' } },
      dimensions: {
        ordered_at: { type: 'time', grain: 'second', zone: 'UTC' },
        status: { type: 'categorical' },
      },
      measures: { order_total: { agg: 'sum', expr: 'amount' } },
    },
  },
  metrics: {
    revenue: { type: 'simple', measure: 'order_total', filter: "order__status = 'paid'" },
    last_week: { type: 'cumulative', measure: 'order_total', window: '7 days' },
    growth: {
      type: 'derived',
      expr: 'revenue / before',
      inputs: ['revenue', { name: 'revenue', alias: 'before', offset: '1 month' }],
    },
  },
})
const access = accessOf(layer, { id: 'local', groups: [], admin: true }, undefined)
const steps = (request: Parameters<typeof questionOf>[0]): readonly string[] =>
  explainSteps({ layer, question: questionOf(request, request.metrics), access, timeZone: 'Europe/Berlin' })

test('a question is explained by what is aggregated, every join on the way, and what its time is', () => {
  expect(steps({ metrics: ['revenue'], by: ['region', 'metric_time__month'], where: "segment = 'new'" })).toEqual([
    "order_total is sum(amount) of orders where order__status = 'paid'",
    'orders joins customers by customer: at most one row each, none lost',
    'customers joins countries by country: at most one row each, none lost',
    'metric_time of order_total is orders.ordered_at, by second; stored in UTC, days begin in Europe/Berlin',
  ])
})

test('windows and offsets are said, and time only where it plays a part', () => {
  expect(steps({ metrics: ['revenue'] })).toEqual(["order_total is sum(amount) of orders where order__status = 'paid'"])
  expect(steps({ metrics: ['last_week', 'growth'] }).slice(0, 3)).toEqual([
    'order_total is sum(amount) of orders, over the last 7 days',
    "order_total is sum(amount) of orders where order__status = 'paid'",
    "order_total is sum(amount) of orders where order__status = 'paid', as 1 month before",
  ])
})

test('combinations without a metric have nothing to add up', () => {
  expect(steps({ metrics: [], by: ['customer__segment'] })).toEqual([])
})
