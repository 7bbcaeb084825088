import { expect, test } from 'vitest'

import { answerRows, layerOf, rowsOf } from '../kit/evaluator/answer-rows.ts'

const offsetMetrics = {
  a_week_ago: { name: 'sold', offset: '7 days' },
  a_month_ago: { name: 'sold', offset: '1 month' },
  a_month_ago_by_day: { name: 'sold', offset: '1 month', align: 'day' },
  a_year_ago: { name: 'sold', offset: '1 year' },
  at_month_start: { name: 'sold', offset_to: 'month' },
  a_sprint_ago: { name: 'sold', offset: '1 sprint' },
  open_a_month_ago: { name: 'sold', offset: '1 month', filter: "metric_time__day < '2024-02-01'" },
  twice_ago: { name: 'a_month_ago', offset: '7 days' },
}

const layer = layerOf({
  models: {
    sales: {
      table: 'sales',
      time: 'day',
      primary: 'sale',
      dimensions: {
        day: { type: 'time', grain: 'day' },
        at: { type: 'time', grain: 'hour', zone: 'UTC' },
        kind: { type: 'categorical' },
      },
      measures: {
        sold: { agg: 'sum', expr: 'amount' },
        sold_at: { agg: 'sum', expr: 'amount', time: 'at' },
        last: { agg: 'sum', expr: 'amount', over_time: { dimension: 'day', choose: 'max' } },
        last_of_kind: { agg: 'sum', expr: 'amount', over_time: { dimension: 'day', choose: 'max', per: ['kind_key'] } },
      },
      entities: { kind_key: { type: 'foreign', expr: 'kind' } },
    },
  },
  metrics: {
    sold: { type: 'simple', measure: 'sold' },
    sold_weekly: { type: 'simple', measure: 'sold', grain: 'week' },
    sold_at: { type: 'simple', measure: 'sold_at' },
    last: { type: 'simple', measure: 'last' },
    last_of_kind: { type: 'simple', measure: 'last_of_kind' },
    every_day: { type: 'simple', measure: { name: 'sold', every_period: true, fill: 0 } },
    two_days: { type: 'cumulative', measure: 'sold', window: '2 days', at_coarser: 'last' },
    of_month: { type: 'cumulative', measure: 'sold', to_date: 'month', at_coarser: 'average' },
    so_far: { type: 'cumulative', measure: 'sold' },
    ...Object.fromEntries(
      Object.entries(offsetMetrics).map(([name, input]) => [
        name,
        { type: 'derived', expr: 'before', inputs: [{ ...input, alias: 'before' }] },
      ]),
    ),
  },
  calendars: { days: { table: 'days', column: 'day', grain: 'day', periods: { sprint: 'sprint' } } },
})

const sales = rowsOf(
  'day at kind amount',
  ['2024-01-29', '2024-01-29T23:30:00', 'a', 1],
  ['2024-01-31', '2024-01-31T23:30:00', 'b', 2],
  ['2024-02-01', '2024-02-01T00:30:00', 'a', 4],
  ['2024-02-29', '2024-02-29T12:00:00', 'a', 8],
)

const dayAt = (index: number): string => new Date(Date.UTC(2024, 0, 29 + index)).toISOString().slice(0, 10)

/** Five days to 2 February, in sprints of two days, two and one. */
const days = rowsOf('day sprint', ...[1, 1, 2, 2, 3].map((sprint, index) => [dayAt(index), `sprint ${sprint}`]))

const ask = (question: Parameters<typeof answerRows>[2], withCalendar = false): ReturnType<typeof answerRows> =>
  answerRows(withCalendar ? layer : { ...layer, calendars: {} }, { sales, days }, question)

const midnight = (day: string): string => `${day}T00:00:00`

test('a time is cut into periods, weeks from Monday, or into parts of the date', () => {
  expect(ask({ metrics: ['sold'], by: ['metric_time__week'] })).toEqual([
    [midnight('2024-01-29'), 7],
    [midnight('2024-02-26'), 8],
  ])
  expect(ask({ metrics: ['sold'], by: ['metric_time__extract_dow'] })).toEqual([
    [1, 1],
    [3, 2],
    [4, 12],
  ])
})

test("metric_time alone has the metric's own grain, and the dimension's name means the same", () => {
  expect(ask({ metrics: ['sold_weekly'], by: ['metric_time'] })).toHaveLength(2)
  expect(ask({ metrics: ['sold_at'], by: ['metric_time'] })).toHaveLength(4)
  expect(ask({ metrics: ['sold'], by: ['sale__day'] })).toHaveLength(4)
})

test('nothing is cut finer than it is', () => {
  expect(ask({ metrics: ['sold'], by: ['metric_time__hour'] })).toBe('unreachable')
  expect(ask({ metrics: ['sold'], by: ['metric_time__extract_hour'] })).toBe('unreachable')
})

test('bounds take whole periods, both included', () => {
  expect(ask({ metrics: ['sold'], from: '2024-01-31', to: '2024-02' })).toEqual([[14]])
  expect(ask({ metrics: ['sold_at'], to: '2024-01-31T23:00' })).toEqual([[3]])
})

test('a time zone moves moments that say where they are stored, and is refused for others', () => {
  expect(ask({ metrics: ['sold_at'], by: ['metric_time__month'], timeZone: 'Europe/Berlin' })).toEqual([
    [midnight('2024-01-01'), 1],
    [midnight('2024-02-01'), 14],
  ])
  expect(ask({ metrics: ['sold'], by: ['metric_time__month'], timeZone: 'Europe/Berlin' })).toBe('time_zone')
})

test('a balance is that of the last day of each period, overall or of each', () => {
  expect(ask({ metrics: ['last'], by: ['metric_time__month'] })).toEqual([
    [midnight('2024-01-01'), 2],
    [midnight('2024-02-01'), 8],
  ])
  expect(ask({ metrics: ['last', 'last_of_kind'] })).toEqual([[8, 10]])
})

test('a running number sees the days of its window', () => {
  expect(ask({ metrics: ['two_days'], by: ['metric_time'], to: '2024-02-03' })).toEqual([
    [midnight('2024-01-29'), 1],
    [midnight('2024-01-30'), 1],
    [midnight('2024-01-31'), 2],
    [midnight('2024-02-01'), 6],
    [midnight('2024-02-02'), 4],
  ])
})

test('a coarser period shows the first, the last or the average of its days', () => {
  expect(ask({ metrics: ['so_far', 'two_days', 'of_month'], by: ['metric_time__month'], to: '2024-02-02' })).toEqual([
    // Three days of January: 1, 1 and 3.
    [midnight('2024-01-01'), 1, 2, 5 / 3],
    [midnight('2024-02-01'), 7, 4, 4],
  ])
})

test('a running number since ever stands at the end of the bounds', () => {
  expect(ask({ metrics: ['so_far'], from: '2024-02-01', to: '2024-02-10' })).toEqual([[7]])
  expect(ask({ metrics: ['two_days'] })).toBe('needs_time')
  expect(ask({ metrics: ['so_far'], by: ['metric_time__extract_dow'] })).toBe('unsupported')
})

test('an offset of days moves each row', () => {
  expect(ask({ metrics: ['a_week_ago'], by: ['metric_time'] })).toEqual([
    [midnight('2024-02-05'), 1],
    [midnight('2024-02-07'), 2],
    [midnight('2024-02-08'), 4],
    [midnight('2024-03-07'), 8],
  ])
  expect(ask({ metrics: ['a_week_ago'] })).toBe('needs_time')
})

test('whole months stand before whole months, also for years', () => {
  expect(ask({ metrics: ['a_month_ago', 'sold'], by: ['metric_time__month'] })).toEqual([
    [midnight('2024-01-01'), null, 3],
    [midnight('2024-02-01'), 3, 12],
    [midnight('2024-03-01'), 12, null],
  ])
  expect(ask({ metrics: ['a_year_ago'], by: ['metric_time__month'] })).toEqual([
    [midnight('2025-01-01'), 3],
    [midnight('2025-02-01'), 12],
  ])
})

test('the days of a month see those of the same number, or its last', () => {
  const seen = [
    [midnight('2024-02-29'), 1],
    [midnight('2024-03-01'), 4],
    [midnight('2024-03-29'), 8],
    [midnight('2024-03-30'), 8],
    [midnight('2024-03-31'), 8],
  ]
  expect(ask({ metrics: ['a_month_ago'], by: ['metric_time'] })).toEqual(seen)
  expect(ask({ metrics: ['a_month_ago_by_day'], by: ['metric_time__month'] })).toEqual([
    [midnight('2024-02-01'), 1],
    [midnight('2024-03-01'), 28],
  ])
})

test('bounds and conditions of the question are about the time shown, those below an offset about the rows', () => {
  const by = ['metric_time__month']
  expect(ask({ metrics: ['a_month_ago'], by, from: '2024-03' })).toEqual([[midnight('2024-03-01'), 12]])
  expect(ask({ metrics: ['a_month_ago'], by, where: "metric_time__month = '2024-02-01'" })).toEqual([
    [midnight('2024-02-01'), 3],
  ])
  expect(ask({ metrics: ['open_a_month_ago'], by })).toEqual([[midnight('2024-02-01'), 3]])
})

test('half a month stands before half a month', () => {
  // The 29th and the 31st of January move to the 29th of February.
  expect(ask({ metrics: ['a_month_ago'], by: ['metric_time__month'], to: '2024-02-28' })).toEqual([])
  expect(ask({ metrics: ['a_month_ago'], by: ['metric_time__month'], to: '2024-02-29' })).toEqual([
    [midnight('2024-02-01'), 3],
  ])
})

test('offsets add up, each as seen from the days of the other', () => {
  expect(ask({ metrics: ['twice_ago'], by: ['metric_time__month'] })).toEqual([
    [midnight('2024-03-01'), 1 + 4],
    // 5, 6 and 7 April look a week and a month back at 29 February.
    [midnight('2024-04-01'), 3 * 8],
  ])
})

test('an offset to the start of the month shows the first day on all of its days', () => {
  expect(ask({ metrics: ['at_month_start'], by: ['metric_time__month'] })).toEqual([[midnight('2024-02-01'), 4]])
  expect(ask({ metrics: ['at_month_start'], by: ['metric_time__week'] })).toEqual([
    [midnight('2024-02-05'), 4],
    [midnight('2024-02-12'), 4],
    [midnight('2024-02-19'), 4],
    [midnight('2024-02-26'), 4],
  ])
})

test("a calendar's own periods cut times and move them", () => {
  expect(ask({ metrics: ['sold'], by: ['metric_time__sprint'] }, true)).toEqual([
    ['sprint 1', 1],
    ['sprint 2', 6],
    [null, 8],
  ])
  expect(ask({ metrics: ['a_sprint_ago'], by: ['metric_time'] }, true)).toEqual([
    [midnight('2024-01-31'), 1],
    [midnight('2024-02-02'), 6],
  ])
})

test('every period is shown, with what nothing counts as', () => {
  expect(ask({ metrics: ['every_day'], by: ['metric_time'], from: '2024-01-30', to: '2024-02-02' }, true)).toEqual([
    [midnight('2024-01-30'), 0],
    [midnight('2024-01-31'), 2],
    [midnight('2024-02-01'), 4],
    [midnight('2024-02-02'), 0],
  ])
  const where = "sale__kind = 'a'"
  expect(ask({ metrics: ['every_day'], by: ['metric_time__month', 'sale__kind'], where }, true)).toEqual([
    [midnight('2024-01-01'), 'a', 1],
    [midnight('2024-02-01'), 'a', 12],
  ])
})

test('what lies beyond the calendar is shown as well', () => {
  expect(ask({ metrics: ['every_day'], by: ['metric_time'], from: '2024-02-02' }, true)).toEqual([
    [midnight('2024-02-02'), 0],
    [midnight('2024-02-29'), 8],
  ])
})

test('metric_time without a metric is that of the calendar', () => {
  expect(ask({ by: ['metric_time__month'] }, true)).toEqual([[midnight('2024-01-01')], [midnight('2024-02-01')]])
  expect(ask({ by: ['metric_time__month'] })).toBe('unsupported')
})
