import { expect, test } from 'vitest'
import { compileQuestion } from '../../src/semantic/compile.ts'
import type { Caller } from '../../src/core/caller.ts'
import { accessOf } from '../../src/semantic/plan/access.ts'
import type { Question } from '../../src/semantic/question.ts'
import { layerOf, shopLayer } from '../kit/shop-layer.ts'

const admin: Caller = { id: 'local', groups: [], admin: true }

function ask(question: Partial<Question>, caller = admin, layer = shopLayer): ReturnType<typeof compileQuestion> {
  const whole = { metrics: [], by: [], order: [], distinct: true, extent: false, ...question }
  return compileQuestion(layer, whole, { dialect: 'postgres', access: accessOf(layer, caller, { public: true }) })
}

test('a dimension that rows meet several of is refused, with what would work', () => {
  expect(ask({ metrics: ['revenue'], by: ['item__product'] })).toEqual({
    refusal: {
      reason: 'fan_out',
      message:
        'item__product cannot be asked here: a row of orders may meet several rows of items, and would be counted with each.',
      nearest: [
        'quantity',
        'order',
        'customer',
        'customer__tier',
        'order__channel',
        'customer__country',
        'order__ordered_at',
        'customer__referrer',
      ],
    },
  })
})

test('facts of two models are each aggregated by themselves before they meet', () => {
  const compiled = ask({ metrics: ['refund_share'], by: ['customer__tier'] })
  expect('refusal' in compiled ? compiled : compiled.models).toEqual(['customers', 'orders', 'refunds'])
})

test('a metric in a condition is computed once, however many facts the condition is about', () => {
  const compiled = ask({ metrics: ['refund_share'], where: 'metric(orders, customer) > 3' })
  if ('refusal' in compiled) throw new Error(compiled.refusal.message)
  expect(compiled.statement.sql.match(/"metric\d+" AS \(/g)).toHaveLength(1)
})

test('a role and a way that both end in the name are ambiguous', () => {
  const two = layerOf(`
models:
  trips:
    connection: c
    table: trips
    entities:
      trip: { type: primary }
      start: { type: foreign, of: station }
      goal: { type: foreign, of: station }
    measures: { trips: { agg: count, expr: 1 } }
  stations:
    connection: c
    table: stations
    entities: { station: { type: primary } }
    dimensions: { city: { type: categorical } }
metrics:
  trips: { type: simple, measure: trips }
`)
  expect(ask({ metrics: ['trips'], by: ['city'] }, admin, two)).toEqual({
    refusal: {
      reason: 'ambiguous',
      message: 'city could be any of start__city, goal__city; name one.',
      nearest: ['start__city', 'goal__city'],
    },
  })
})

test('a name that two identities of one model share is ambiguous to whoever reaches the model by both', () => {
  const cards = layerOf(`
models:
  accounts:
    connection: c
    table: accounts
    entities: { account: { type: primary }, card: { type: unique } }
    dimensions: { size: { type: categorical } }
    measures: { accounts: { agg: count, expr: 1 } }
  orders:
    connection: c
    table: orders
    entities: { order: { type: primary }, account: { type: foreign }, card: { type: foreign } }
    measures: { orders: { agg: count, expr: 1 } }
metrics:
  accounts: { type: simple, measure: accounts }
  orders: { type: simple, measure: orders }
`)
  expect(ask({ metrics: ['accounts'], by: ['size'] }, admin, cards)).not.toHaveProperty('refusal')
  const refusal = { reason: 'ambiguous', nearest: ['account__size', 'card__size'] }
  expect(ask({ metrics: ['orders'], by: ['size'] }, admin, cards)).toMatchObject({ refusal })
  expect(ask({ metrics: ['accounts', 'orders'], by: ['size'] }, admin, cards)).toMatchObject({ refusal })
})

test('rows that partitions tie to a model further on are not listed without a metric', () => {
  const days = layerOf(`
models:
  visits:
    connection: c
    table: visits
    entities: { visit: { type: primary }, customer: { type: foreign } }
    dimensions: { day: { type: time, grain: day, partition: true }, browser: { type: categorical } }
  customers:
    connection: c
    table: customers
    entities: { customer: { type: primary }, region: { type: foreign } }
  regions:
    connection: c
    table: regions
    entities: { region: { type: primary } }
    dimensions: { day: { type: time, grain: day, partition: true }, country: { type: categorical } }
`)
  expect(ask({ metrics: [], by: ['visit__browser', 'region__country'] }, admin, days)).toMatchObject({
    refusal: { reason: 'unsupported' },
  })
  expect(ask({ metrics: [], by: ['region__country'] }, admin, days)).not.toHaveProperty('refusal')
})

test.each([
  ['a window without a time', { metrics: ['weekly_revenue'] }, 'needs_time'],
  ['an offset without a time', { metrics: ['growth'] }, 'needs_time'],
  [
    'a running number by a part of the date',
    { metrics: ['running_revenue'], by: ['metric_time__extract_month'] },
    'unsupported',
  ],
  ['a running number of what cannot be added up', { metrics: ['balance_so_far'], by: ['metric_time'] }, 'non_additive'],
  ['metrics of two connections', { metrics: ['balance', 'revenue'] }, 'other_connection'],
  ['a zone for local times', { metrics: ['refunded'], by: ['metric_time'], timeZone: 'Europe/Berlin' }, 'time_zone'],
  ['an hour of what has days', { metrics: ['revenue'], by: ['metric_time__hour'] }, 'unsupported'],
  ['a time for what has none', { metrics: ['quantity'], by: ['metric_time'] }, 'needs_time'],
  ['a name that nothing has', { metrics: ['revenue'], by: ['customer__shoe_size'] }, 'unreachable'],
] as const)('%s is refused', (_what, question, reason) => {
  expect(
    ask({ ...question, metrics: [...question.metrics], by: [...('by' in question ? question.by : [])] }),
  ).toMatchObject({
    refusal: { reason },
  })
})

test('what a caller may not see is unknown to them, like what there is not', () => {
  const sales = { id: 's', groups: ['sales'], admin: false }
  const stranger = { id: 'x', groups: [], admin: false }
  expect(() => ask({ metrics: ['median_order'] }, sales)).toThrow(
    /^There is no metric median_order; known: orders, revenue/,
  )
  expect(() => ask({ metrics: ['revenue'] }, stranger)).toThrow(
    /^There is no metric revenue; did you mean refunded\?$|known: quantity/,
  )
  expect(() => ask({ metrics: ['quantity'], where: 'metric(median_order, order) > 1' }, sales)).toThrow(
    /^There is no metric median_order; known: orders, revenue/,
  )
  expect(() => ask({ metrics: ['absent'] }, stranger)).toThrow(/^There is no metric absent; known: quantity/)
})

test("a caller's rows and small groups are cut inside the statement", () => {
  const sales = ask({ metrics: ['revenue'] }, { id: 's', groups: ['sales'], admin: false })
  expect('refusal' in sales ? sales : sales.statement).toEqual({
    sql: `SELECT "a"."v1" AS "revenue"
FROM (
  SELECT SUM("r"."amount value") AS "v1"
  FROM (
    SELECT "b"."ordered_at" AS "t", "b"."amount value" AS "amount value"
    FROM (
      SELECT CAST("ordered_at" AS TIMESTAMP) AS "ordered_at", "amount" AS "amount value"
      FROM "shop"."orders" AS "t"
      WHERE ("channel" = $1)
    ) AS "b"
  ) AS "r"
) AS "a"`,
    values: ['web'],
  })
  const finance = ask({ metrics: ['revenue'], by: ['customer__tier'] }, { id: 'f', groups: ['finance'], admin: false })
  expect('refusal' in finance ? '' : finance.statement.sql).toContain('HAVING (COUNT(1) >= 5)')
})

test('times that are known by months do not tell how it was when a week began', () => {
  const monthly = layerOf(`
models:
  bills:
    connection: c
    table: bills
    time: billed
    dimensions: { billed: { type: time, grain: month } }
    measures: { billed: { agg: sum, expr: amount } }
metrics:
  billed: { type: simple, measure: billed }
  at_week: { type: derived, expr: x, inputs: [{ name: billed, alias: x, offset_to: week }] }
  at_year: { type: derived, expr: x, inputs: [{ name: billed, alias: x, offset_to: year }] }
`)
  expect(ask({ metrics: ['at_week'], by: ['metric_time'] }, admin, monthly)).toMatchObject({
    refusal: { reason: 'unsupported', message: 'Times of months do not tell when a week began.' },
  })
  expect(ask({ metrics: ['at_year'], by: ['metric_time'] }, admin, monthly)).toHaveProperty('statement')
})

test('how it was when a week began is not asked of some days of each month only', () => {
  const shop = layerOf(`
models:
  bills:
    connection: c
    table: bills
    time: billed
    dimensions: { billed: { type: time, grain: day } }
    measures: { billed: { agg: sum, expr: amount } }
metrics:
  billed: { type: simple, measure: { name: billed, fill: 0, every_period: true } }
  at_week: { type: derived, expr: x, inputs: [{ name: billed, alias: x, offset_to: week }] }
`)
  const question = { metrics: ['at_week'], by: ['metric_time__month'] }
  expect(ask({ ...question, where: 'metric_time__extract_day > 15' }, admin, shop)).toMatchObject({
    refusal: {
      reason: 'unsupported',
      message: 'How it was when a month began cannot be limited to some of its days.',
    },
  })
  expect(ask({ ...question, where: "metric_time__month > '2024-01-01'" }, admin, shop)).toHaveProperty('statement')
})

test('a condition on a time dimension that is shown holds for periods without rows, too', () => {
  const shop = layerOf(`
models:
  bills:
    connection: c
    table: bills
    time: billed
    dimensions: { billed: { type: time, grain: day }, due: { type: time, grain: day } }
    entities: { bill: { type: primary } }
    measures: { billed: { agg: sum, expr: amount } }
metrics:
  billed: { type: simple, measure: { name: billed, fill: 0, every_period: true } }
`)
  const asked = ask(
    { metrics: ['billed'], by: ['metric_time__month', 'bill__due'], where: 'bill__due is not null' },
    admin,
    shop,
  )
  expect('refusal' in asked ? '' : asked.statement.sql).toContain('WHERE (NOT ("f"."bill__due__day" IS NULL))')
})
