import { expect, test } from 'vitest'

import { evaluateQuestion } from '../kit/evaluator/evaluate-question.ts'
import { answerRows, layerOf, rowsOf } from '../kit/evaluator/answer-rows.ts'

const measures = {
  rows: { agg: 'sum', expr: 1 },
  total: { agg: 'sum', expr: 'amount' },
  least: { agg: 'min', expr: 'amount' },
  most: { agg: 'max', expr: 'amount' },
  mean: { agg: 'avg', expr: 'amount' },
  amounts: { agg: 'count', expr: 'amount' },
  different: { agg: 'count_distinct', expr: 'amount' },
  paid: { agg: 'sum_boolean', expr: 'is_paid' },
  middle: { agg: 'median', expr: 'amount' },
  upper: { agg: 'percentile', expr: 'amount', percentile: { at: 0.75 } },
  upper_one: { agg: 'percentile', expr: 'amount', percentile: { at: 0.75, discrete: true } },
}

const layer = layerOf({
  models: {
    orders: {
      table: 'orders',
      time: 'day',
      primary: 'order',
      entities: { customer: { type: 'foreign', expr: 'customer_id' } },
      dimensions: {
        day: { type: 'time', grain: 'day' },
        status: { type: 'categorical' },
        size: { type: 'categorical', expr: "case when amount >= 10 then 'big' else 'small' end" },
      },
      measures,
    },
    visits: {
      table: 'visits',
      time: 'seen',
      primary: 'visit',
      entities: { customer: { type: 'foreign', expr: 'customer_id' } },
      dimensions: { seen: { type: 'time', grain: 'day' } },
      measures: { visits: { agg: 'count', expr: 1 } },
    },
  },
  metrics: {
    ...Object.fromEntries(Object.keys(measures).map((name) => [name, { type: 'simple', measure: name }])),
    visits: { type: 'simple', measure: 'visits' },
    visits_or_none: { type: 'simple', measure: { name: 'visits', fill: 0 } },
    open_total: { type: 'simple', measure: { name: 'total', filter: "status = 'open'" }, filter: 'amount_is_big' },
    big_total: { type: 'simple', measure: 'total', filter: "order__size = 'big'" },
    per_visit: { type: 'ratio', numerator: 'total', denominator: 'visits' },
    big_share: { type: 'ratio', numerator: { name: 'total', filter: "order__size = 'big'" }, denominator: 'total' },
    difference: {
      type: 'derived',
      expr: 'most - least + coalesce(seen, 0)',
      inputs: ['most', 'least', { name: 'visits', alias: 'seen' }],
    },
  },
})

const tables = {
  orders: rowsOf(
    'day customer_id status amount is_paid',
    ['2024-01-01', 1, 'open', 10, true],
    ['2024-01-02', 1, 'open', 20, null],
    ['2024-01-02', 2, 'done', 20, false],
    ['2024-01-03', null, null, 5, true],
    ['2024-01-03', 3, 'done', null, true],
  ),
  visits: rowsOf('seen customer_id', ['2024-01-01', 1], ['2024-01-01', null], ['2024-01-09', 4]),
}

const ask = (question: Parameters<typeof answerRows>[2]): ReturnType<typeof answerRows> =>
  answerRows(layer, tables, question)

test('each aggregation passes nulls over in its own way', () => {
  expect(ask({ metrics: ['rows', 'total', 'least', 'most', 'mean', 'amounts', 'different', 'paid'] })).toEqual([
    [5, 55, 5, 20, 13.75, 4, 3, 3],
  ])
})

test('a continuous percentile lies between its neighbours, a discrete one is a value that occurs', () => {
  // Of 5, 10, 20, 20: places 1.5 and 2.25 from the first, and the third of four.
  expect(ask({ metrics: ['middle', 'upper', 'upper_one'] })).toEqual([[15, 20, 20]])
})

test('of no rows, sums are null and counts are nothing', () => {
  const where = "order__status = 'lost'"
  expect(ask({ metrics: ['total', 'mean', 'amounts', 'different', 'paid'], where })).toEqual([[null, null, 0, 0, 0]])
  expect(ask({ metrics: ['total'], by: ['order__status'], where })).toEqual([])
})

test('null is a group of its own, and comes last', () => {
  expect(ask({ metrics: ['rows'], by: ['order__status'] })).toEqual([
    ['done', 2],
    ['open', 2],
    [null, 1],
  ])
})

test('a condition that is null keeps no row', () => {
  expect(ask({ metrics: ['rows'], where: "order__status <> 'open'" })).toEqual([[2]])
  expect(ask({ metrics: ['rows'], where: "not (order__status = 'open' or customer = 2)" })).toEqual([[1]])
  expect(ask({ metrics: ['rows'], where: "order__status = 'open' or customer is null" })).toEqual([[3]])
})

test('conditions of measure, metric and question all hold', () => {
  expect(ask({ metrics: ['big_total'], where: 'customer = 1' })).toEqual([[30]])
  expect(ask({ metrics: ['open_total'] })).toBe('unreachable')
})

test('facts are aggregated apart and meet on the columns, nulls meeting nulls', () => {
  expect(ask({ metrics: ['total', 'visits', 'visits_or_none'], by: ['customer'] })).toEqual([
    [1, 30, 1, 1],
    [2, 20, null, 0],
    [3, null, null, 0],
    [4, null, 1, 1],
    [null, 5, 1, 1],
  ])
})

test('a ratio is a real number, and null by nothing', () => {
  expect(ask({ metrics: ['per_visit', 'big_share'] })).toEqual([[55 / 3, 50 / 55]])
  expect(ask({ metrics: ['per_visit'], where: 'customer = 2' })).toEqual([[null]])
})

test('a derived metric is its arithmetic, null of null', () => {
  expect(ask({ metrics: ['difference'], by: ['customer'] })).toEqual([
    [1, 11],
    [2, 0],
    [3, null],
    [4, null],
    [null, 1],
  ])
})

test('a metric in a condition is its value for the row, and null for who has none', () => {
  expect(ask({ metrics: ['total'], where: 'metric(visits, customer) > 0' })).toEqual([[30]])
  expect(ask({ metrics: ['total'], where: 'metric(visits, customer) is null' })).toEqual([[25]])
})

test('rows come in the order asked for, nulls last in both directions, then by the dimensions', () => {
  expect(ask({ metrics: ['total'], by: ['customer'], order: ['-total'], limit: 3 })).toEqual([
    [1, 30],
    [2, 20],
    [null, 5],
  ])
  expect(ask({ metrics: ['total'], by: ['customer'], order: ['total'], limit: 2 })).toEqual([
    [null, 5],
    [2, 20],
  ])
})

test('columns have their whole names', () => {
  const question = { metrics: ['rows'], by: ['status', 'metric_time'], order: [], distinct: true, extent: false }
  expect(evaluateQuestion(layer, tables, question)).toMatchObject({
    columns: [
      { name: 'order__status', kind: 'dimension', type: 'text' },
      { name: 'metric_time__day', kind: 'time', type: 'timestamp' },
      { name: 'rows', kind: 'metric', type: 'number' },
    ],
  })
})
