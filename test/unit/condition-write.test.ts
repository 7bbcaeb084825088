import { expect, test } from 'vitest'
import { parseCondition } from '../../src/semantic/condition/parse-condition.ts'
import { plainName, plainNames } from '../../src/semantic/condition/plain-name.ts'
import { writeCondition } from '../../src/semantic/condition/write-condition.ts'
import { name, randomTree, value } from '../kit/condition-trees.ts'
import { createRandom } from '../kit/random.ts'

test('what is written is read as the same tree', () => {
  const random = createRandom(20_260_101)
  for (let round = 0; round < 5000; round += 1) {
    const tree = randomTree(random, random.int(0, 5))
    const text = writeCondition(tree)
    expect(parseCondition(text), text).toEqual(tree)
    expect(writeCondition(parseCondition(text))).toBe(text)
  }
})

test.each([
  ['((a) = (1)) AND ((b) OR (c))', 'a = 1 and (b or c)'],
  ['(a and b) and c', 'a and b and c'],
  ['a and (b and c)', 'a and (b and c)'],
  ['(a + b) - (c - d)', 'a + b - (c - d)'],
  ['(a * b) + (c / d)', 'a * b + c / d'],
  ['not (a = 1)', 'not a = 1'],
  ['not (a or b)', 'not (a or b)'],
  ['NOT a IN (1)', 'a not in (1)'],
  ['not (x is null)', 'x is not null'],
  ['(a = b) = c', '(a = b) = c'],
  ['a - (-b)', 'a - -b'],
  ['-(-b)', '-(-b)'],
  ['(-5) * -(5)', '-5 * -(5)'],
  ['a NOT BETWEEN 1 AND 2', 'not (a >= 1 and a <= 2)'],
  ["CAST('2020-01-01' AS timestamp)", "timestamp '2020-01-01'"],
  ['x::date', 'cast(x as date)'],
  ['case when (a = 1) then (b or c) end', 'case when a = 1 then b or c end'],
  ["'it''s'", "'it''s'"],
  ["{{ Metric('bookings', ['listing']) }} > 2", 'metric(bookings, listing) > 2'],
  ["{{ Dimension('listing__country_latest') }} = 'us'", "listing__country_latest = 'us'"],
  ["{{ TimeDimension('metric_time', 'day') }} = x", "{{ Dimension('metric_time').grain('day') }} = x"],
  ["{{ Dimension('end') }}", "{{ Dimension('end') }}"],
])('%s is written %s', (text, written) => {
  expect(writeCondition(parseCondition(text))).toBe(written)
})

test('names with a grain, a part or a path have a plain form too', () => {
  const tree = parseCondition(
    "{{ TimeDimension('metric_time', 'day') }} > {{ Dimension('user__ds', entity_path=['listing']).date_part('dow') }}",
  )
  expect(writeCondition(plainNames(tree))).toBe('metric_time__day > listing__user__ds__extract_dow')
  expect(plainName({ name: 'ds', path: [], grain: 'month', part: 'year' })).toBe('ds__extract_year')
  expect(plainNames(value(1))).toEqual(value(1))
  expect(plainNames(name('country'))).toEqual(name('country'))
})
