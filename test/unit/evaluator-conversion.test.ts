import { expect, test } from 'vitest'

import { answerRows, layerOf, rowsOf } from '../kit/evaluator/answer-rows.ts'

const model = (table: string, measure: string): object => ({
  table,
  time: 'day',
  primary: table,
  entities: { user: { type: 'foreign', expr: 'user_id' } },
  dimensions: { day: { type: 'time', grain: 'day' }, device: { type: 'categorical' } },
  measures: { [measure]: { agg: 'count', expr: 1 } },
})

const conversion = { type: 'conversion', base: 'visits', conversion: 'buys', entity: 'user' }

const layer = layerOf({
  models: { visit: model('visit', 'visits'), buy: model('buy', 'buys') },
  metrics: {
    bought: { ...conversion, calculate: 'count' },
    bought_soon: { ...conversion, calculate: 'count', within: '7 days' },
    bought_there: { ...conversion, calculate: 'count', same: [{ base: 'device', conversion: 'device' }] },
    rate: { ...conversion, calculate: 'rate' },
    filled: { ...conversion, calculate: 'count', conversion: { name: 'buys', fill: 0 } },
  },
})

const tables = {
  visit: rowsOf(
    'day user_id device',
    ['2024-01-01', 1, 'phone'],
    ['2024-01-05', 1, 'desk'],
    ['2024-01-31', 2, 'phone'],
    ['2024-02-02', null, 'phone'],
    ['2024-02-03', 3, 'desk'],
  ),
  buy: rowsOf(
    'day user_id device',
    ['2024-01-03', 1, 'phone'],
    ['2024-01-12', 1, 'phone'],
    ['2024-02-01', 2, 'desk'],
    ['2024-01-30', 2, 'phone'],
    ['2024-02-02', null, 'phone'],
  ),
}

const ask = (question: Parameters<typeof answerRows>[2]): ReturnType<typeof answerRows> =>
  answerRows(layer, tables, question)

test('what follows goes to the latest that began, of the same one, and no later than itself', () => {
  expect(ask({ metrics: ['bought'], by: ['metric_time__day'] })).toEqual([
    ['2024-01-01T00:00:00', 1],
    ['2024-01-05T00:00:00', 1],
    ['2024-01-31T00:00:00', 1],
  ])
})

test('the window leaves out its far end', () => {
  expect(ask({ metrics: ['bought_soon', 'bought'] })).toEqual([[2, 3]])
})

test('columns that have to agree do', () => {
  expect(ask({ metrics: ['bought_there'], by: ['visit__device'] })).toEqual([['phone', 2]])
})

test('the rate is by all that began', () => {
  expect(ask({ metrics: ['rate'] })).toEqual([[3 / 5]])
  expect(ask({ metrics: ['rate', 'filled'], by: ['metric_time__month'] })).toEqual([
    ['2024-01-01T00:00:00', 1, 3],
    ['2024-02-01T00:00:00', null, 0],
  ])
})

test('bounds cut the answer, not what it is made of', () => {
  expect(ask({ metrics: ['bought'], to: '2024-01-04' })).toEqual([[1]])
  expect(ask({ metrics: ['bought'], where: "metric_time__day <= '2024-01-04'" })).toEqual([[1]])
})
