import { expect, test } from 'vitest'

import { answerRows, layerOf, rowsOf } from '../kit/evaluator/answer-rows.ts'

const layer = layerOf({
  models: {
    orders: {
      table: 'orders',
      time: 'day',
      primary: 'order',
      entities: {
        buyer: { type: 'foreign', of: 'customer', expr: 'buyer_id' },
        seller: { type: 'foreign', of: 'customer', expr: 'seller_id' },
        shop: { type: 'foreign', expr: 'shop_id' },
        card: { type: 'foreign', expr: 'card_id' },
        price: { type: 'foreign', expr: 'price_id' },
        stock: { type: 'foreign', expr: 'stock_id' },
      },
      dimensions: {
        day: { type: 'time', grain: 'day' },
        snapshot: { type: 'time', grain: 'day', partition: true },
      },
      measures: { orders: { agg: 'count', expr: 1 }, late_orders: { agg: 'count', expr: 1, time: 'day' } },
    },
    returns: {
      table: 'returns',
      time: 'day',
      primary: 'return',
      entities: { shop: { type: 'foreign', expr: 'shop_id' }, stock: { type: 'foreign', expr: 'stock_id' } },
      dimensions: { day: { type: 'time', grain: 'day' } },
      measures: { returns: { agg: 'count', expr: 1 } },
    },
    customers: {
      table: 'customers',
      entities: {
        customer: { type: 'primary', expr: 'customer_id' },
        card: { type: 'unique', expr: 'card_id' },
        region: { type: 'foreign', expr: 'region_id' },
      },
      dimensions: { country: { type: 'categorical' } },
    },
    shops: {
      table: 'shops',
      entities: { shop: { type: 'primary', expr: 'shop_id' }, region: { type: 'foreign', expr: 'region_id' } },
      dimensions: { kind: { type: 'categorical' } },
    },
    regions: {
      table: 'regions',
      entities: { region: { type: 'primary', expr: 'region_id' } },
      dimensions: { continent: { type: 'categorical' } },
    },
    prices: {
      table: 'prices',
      entities: { price: { type: 'natural', expr: 'price_id' } },
      dimensions: {
        level: { type: 'categorical' },
        from: { type: 'time', grain: 'day', expr: 'valid_from', validity: 'start' },
        until: { type: 'time', grain: 'day', expr: 'valid_to', validity: 'end' },
      },
    },
    stocks: {
      table: 'stocks',
      entities: { stock: { type: 'primary', expr: 'stock_id' } },
      dimensions: {
        amount: { type: 'categorical' },
        snapshot: { type: 'time', grain: 'day', partition: true },
      },
    },
  },
  metrics: {
    orders: { type: 'simple', measure: 'orders' },
    returns: { type: 'simple', measure: 'returns' },
  },
})

const tables = {
  orders: rowsOf(
    'day snapshot buyer_id seller_id shop_id card_id price_id stock_id',
    ['2024-01-05', '2024-01-05', 1, 2, 1, 20, 'p', 7],
    ['2024-02-01', '2024-02-01', 2, 1, 2, null, 'p', 7],
    ['2024-02-02', '2024-02-02', null, 9, 1, 10, 'q', 7],
  ),
  returns: rowsOf('day shop_id stock_id', ['2024-01-06', 1, 7]),
  customers: rowsOf('customer_id card_id region_id country', [1, 10, 1, 'us'], [2, 20, 2, 'de']),
  shops: rowsOf('shop_id region_id kind', [1, 2, 'large'], [2, null, 'small']),
  regions: rowsOf('region_id continent', [1, 'america'], [2, 'europe']),
  prices: rowsOf(
    'price_id level valid_from valid_to',
    ['p', 'low', '2024-01-01', '2024-02-01'],
    ['p', 'high', '2024-02-01', null],
    ['q', 'low', '2024-02-03', null],
  ),
  stocks: rowsOf('stock_id amount snapshot', [7, 100, '2024-01-05'], [7, 50, '2024-02-01']),
}

const ask = (metrics: readonly string[], ...by: readonly string[]): ReturnType<typeof answerRows> =>
  answerRows(layer, tables, { metrics, by })

test('a role leads to what it is a role of', () => {
  expect(ask(['orders'], 'buyer__country', 'seller__country')).toEqual([
    ['de', 'us', 1],
    ['us', 'de', 1],
    [null, null, 1],
  ])
})

test('a unique entity leads to its rows as well', () => {
  expect(ask(['orders'], 'card__country')).toEqual([
    ['de', 1],
    ['us', 1],
    [null, 1],
  ])
})

test('joins follow one another', () => {
  expect(ask(['orders'], 'shop__region__continent')).toEqual([
    ['europe', 2],
    [null, 1],
  ])
})

test('an entity is asked for by itself, or after the joins that lead to it', () => {
  expect(ask(['orders'], 'shop__region')).toEqual([
    [2, 2],
    [null, 1],
  ])
  expect(ask(['orders'], 'order__shop')).toEqual([
    [1, 2],
    [2, 1],
  ])
})

test('a name may leave out its beginning where one is meant', () => {
  expect(ask(['orders'], 'kind')).toEqual([
    ['large', 2],
    ['small', 1],
  ])
  expect(ask(['orders'], 'country')).toBe('ambiguous')
  expect(ask(['orders'], 'region__continent')).toBe('ambiguous')
})

test('several metrics take what all of them reach', () => {
  expect(ask(['orders', 'returns'], 'continent')).toEqual([
    ['europe', 2, 1],
    [null, 1, null],
  ])
  expect(ask(['orders', 'returns'], 'buyer__country')).toBe('unreachable')
})

test('a row with validity dates is met from its start to before its end', () => {
  expect(ask(['orders'], 'price__level')).toEqual([
    ['high', 1],
    ['low', 1],
    [null, 1],
  ])
})

test('partitioned rows are met within the same partition, and not at all without one', () => {
  expect(ask(['orders'], 'stock__amount')).toEqual([
    [50, 1],
    [100, 1],
    [null, 1],
  ])
  expect(ask(['returns'], 'stock__amount')).toBe('fan_out')
})

test('what nothing leads to is refused', () => {
  expect(ask(['orders'], 'return__day')).toBe('unreachable')
  expect(ask(['orders'], 'buyer__country__month')).toBe('unreachable')
})

test('without a metric, rows without a partner occur on both sides', () => {
  expect(ask([], 'shop__kind', 'continent')).toEqual([
    ['large', 'europe'],
    ['small', null],
    [null, 'america'],
  ])
})

test('without a metric, the first and the last value can be asked for, or every row', () => {
  expect(answerRows(layer, tables, { by: ['shop__kind'], extent: true })).toEqual([['large', 'small']])
  expect(answerRows(layer, tables, { by: ['stock__snapshot__year'], distinct: false })).toEqual([
    ['2024-01-01T00:00:00'],
    ['2024-01-01T00:00:00'],
  ])
})
