import { expect, test } from 'vitest'
import { parseCondition } from '../../src/semantic/condition/parse-condition.ts'
import { parseGroupBy } from '../../src/semantic/condition/parse-group-by.ts'
import type { Tree } from '../../src/semantic/condition/tree.ts'
import { cast, isNull, name, not, operation, value } from '../kit/condition-trees.ts'

const isInstant = name('booking__is_instant')
const isLux = name('listing__is_lux_latest')
const metric = (name: string, ...by: readonly string[]): Tree => ({ kind: 'metric', name, by })
const metricTime = name('metric_time', { grain: 'day' })

test.each<[string, Tree]>([
  [
    "{{ Dimension('listing__country_latest', entity_path=[]) }} = 'us'",
    operation(name('listing__country_latest'), '=', value('us')),
  ],
  ["{{ Dimension('booking__is_instant') }}", isInstant],
  ["NOT {{ Dimension('booking__is_instant', entity_path=[]) }}", not(isInstant)],
  [
    "NOT {{ Dimension('listing__is_lux_latest', entity_path=[]) }}\n  OR {{ Dimension('listing__is_lux_latest', entity_path=[]) }} IS NULL",
    operation(not(isLux), 'or', isNull(isLux)),
  ],
  [
    "NOT {{ Dimension('booking__is_instant', entity_path=[]) }}\n  AND (\n    NOT {{ Dimension('listing__is_lux_latest', entity_path=[]) }}\n      OR {{ Dimension('listing__is_lux_latest', entity_path=[]) }} IS NULL\n    )",
    operation(not(isInstant), 'and', operation(not(isLux), 'or', isNull(isLux))),
  ],
  [
    "{{ TimeDimension('metric_time', entity_path=[]) }} = CAST('2020-01-01' AS timestamp)",
    operation(name('metric_time'), '=', cast(value('2020-01-01'), 'timestamp')),
  ],
  [
    "CAST({{ TimeDimension('metric_time', 'day', entity_path=[]) }} AS timestamp) >= CAST('2020-01-01' AS timestamp)",
    operation(cast(metricTime, 'timestamp'), '>=', cast(value('2020-01-01'), 'timestamp')),
  ],
  [
    "CAST(metric_time__day AS timestamp) < CAST('2021-01-03' AS timestamp)",
    operation(cast(name('metric_time__day'), 'timestamp'), '<', cast(value('2021-01-03'), 'timestamp')),
  ],
  ["{{ Metric('views', group_by=['view__listing']) }} > 2", operation(metric('views', 'view__listing'), '>', value(2))],
  ["{{ Metric('bookings', ['listing']) }} > 2", operation(metric('bookings', 'listing'), '>', value(2))],
  [
    "{{ Metric('bookings', group_by=['listing']) }} > 2 AND {{ Metric('bookers', group_by=['listing']) }} > 1",
    operation(
      operation(metric('bookings', 'listing'), '>', value(2)),
      'and',
      operation(metric('bookers', 'listing'), '>', value(1)),
    ),
  ],
  ["{{ Entity('listing') }} IS NOT NULL", not(isNull(name('listing')))],
  [
    "{{ Dimension('user__home_state_latest') }} IN ('CA', 'HI', 'WA')",
    { kind: 'in', of: name('user__home_state_latest'), list: [value('CA'), value('HI'), value('WA')] },
  ],
  ["{{ TimeDimension('metric_time', 'day') }} >= '2020-01-02'", operation(metricTime, '>=', value('2020-01-02'))],
])('the filter %s is read as MetricFlow means it', (text, tree) => {
  expect(parseCondition(text)).toEqual(tree)
})

test.each<[string, Tree]>([
  ["{{ Dimension('user__ds', entity_path=['listing', 'User']) }}", name('user__ds', { path: ['listing', 'User'] })],
  ["{{ Entity('user', ['listing',]) }}", name('user', { path: ['listing'] })],
  ['{{ Dimension("metric_time") . grain ( "MONTH" ) }}', name('metric_time', { grain: 'month' })],
  ["{{ Dimension('metric_time').date_part('DOW') }}", name('metric_time', { part: 'dow' })],
  ["{{TimeDimension('metric_time','fiscal_quarter')}}", name('metric_time', { grain: 'fiscal_quarter' })],
  ["{{- TimeDimension(time_granularity_name = 'day',\n time_dimension_name = 'metric_time') -}}", metricTime],
  [
    "{{ TimeDimension('ds', None, ['listing'], date_part_name='year') }}",
    name('ds', { path: ['listing'], part: 'year' }),
  ],
  ["{{ timedimension('metric_time', 'day') }}", metricTime],
])('%s is one name', (text, tree) => {
  expect(parseCondition(text)).toEqual(tree)
})

const plain = { path: [], grain: undefined, part: undefined, descending: false }

test.each([
  ['metric_time__month', { ...plain, name: 'metric_time__month' }],
  [' end ', { ...plain, name: 'end' }],
  ['-metric_time', { ...plain, name: 'metric_time', descending: true }],
  ["TimeDimension('metric_time', 'day')", { ...plain, name: 'metric_time', grain: 'day' }],
  ["Dimension('listing__capacity_latest')", { ...plain, name: 'listing__capacity_latest' }],
  ["Dimension('metric_time').grain('week')", { ...plain, name: 'metric_time', grain: 'week' }],
  ["Entity('user', entity_path=['listing'])", { ...plain, name: 'user', path: ['listing'] }],
  [
    "TimeDimension('metric_time', 'day').descending(True)",
    { ...plain, name: 'metric_time', grain: 'day', descending: true },
  ],
  [
    "TimeDimension('metric_time', date_part_name='dow', descending=False)",
    { ...plain, name: 'metric_time', part: 'dow' },
  ],
  ["Metric('bookings').descending(True)", { ...plain, name: 'bookings', descending: true }],
  ["Metric('views')", { ...plain, name: 'views' }],
])('the column %s is read', (text, column) => {
  expect(parseGroupBy(text)).toEqual(column)
})

test.each([
  ['', "expected a name such as metric_time__month or Dimension('…'), found the end"],
  ['a b', 'expected the end, found b'],
  ['a; drop table x', 'expected a name, a value or an operator, found ;'],
  [
    "Dimention('x')",
    'expected one of Dimension, TimeDimension, Entity, Metric, found Dimention; did you mean Dimension?',
  ],
  ["Metric('bookings', group_by=['listing'])", 'expected a metric by its name alone, found group_by'],
  ["-Dimension('x').descending(True)", 'expected one direction, found - and descending'],
  ['--metric_time', "expected a name such as metric_time__month or Dimension('…'), found -"],
])('the column %s is refused', (text, message) => {
  expect(() => parseGroupBy(text)).toThrow(message)
})
