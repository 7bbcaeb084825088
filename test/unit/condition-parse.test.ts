import { expect, test } from 'vitest'
import { createBranch } from '../../src/semantic/condition/branch.ts'
import { parseArithmetic, parseCondition } from '../../src/semantic/condition/parse-condition.ts'
import type { Tree } from '../../src/semantic/condition/tree.ts'
import { call, cast, isNull, name, not, operation, value } from '../kit/condition-trees.ts'

const a = name('a')
const b = name('b')
const c = name('c')

test.each<[string, Tree]>([
  [
    "customer__country = 'us' and not is_test",
    operation(operation(name('customer__country'), '=', value('us')), 'and', not(name('is_test'))),
  ],
  ['a or b and c', operation(a, 'or', operation(b, 'and', c))],
  ['a - b - c', operation(operation(a, '-', b), '-', c)],
  ['a + b * c', operation(a, '+', operation(b, '*', c))],
  ['a || b + c = c', operation(operation(a, '||', operation(b, '+', c)), '=', c)],
  ['NOT a = b', not(operation(a, '=', b))],
  ['not a is null', not(isNull(a))],
  ['-a * b', operation({ kind: 'negative', of: a }, '*', b)],
  ['a - -b', operation(a, '-', { kind: 'negative', of: b })],
  ['a == 1', operation(a, '=', value(1))],
  ['a != 1', operation(a, '<>', value(1))],
  ['a <> -1.5e3', operation(a, '<>', value(-1500))],
  ['a > .5', operation(a, '>', value(0.5))],
  ['-0', value(0)],
  ['-2::text', { kind: 'negative', of: cast(value(2), 'text') }],
  ["a <= 'it''s'", operation(a, '<=', value("it's"))],
  ['TRUE = False or NULL is null', operation(operation(value(true), '=', value(false)), 'or', isNull(value(null)))],
  ['a in (1, 2)', { kind: 'in', of: a, list: [value(1), value(2)] }],
  ["a Not In ('x')", not({ kind: 'in', of: a, list: [value('x')] })],
  ["a like 'x%'", operation(a, 'like', value('x%'))],
  ["a not like 'x%'", not(operation(a, 'like', value('x%')))],
  ['a is not null', not(isNull(a))],
  ['a is true', call('coalesce', a, value(false))],
  ['a is not true', not(call('coalesce', a, value(false)))],
  ['a is false', not(call('coalesce', a, value(true)))],
  ['a is not false', call('coalesce', a, value(true))],
  [
    'a between 1 and 2 and b',
    operation(operation(operation(a, '>=', value(1)), 'and', operation(a, '<=', value(2))), 'and', b),
  ],
  ['a not between 1 and 2', not(operation(operation(a, '>=', value(1)), 'and', operation(a, '<=', value(2))))],
  ['round(a, 2)', call('round', a, value(2))],
  ['Ceiling(a) + char_length(b)', operation(call('ceil', a), '+', call('length', b))],
  ['nvl(a, 0)', call('coalesce', a, value(0))],
  ['a::TIMESTAMPTZ', cast(a, 'timestamp')],
  ['cast(a + 1 as Double Precision)', cast(operation(a, '+', value(1)), 'number')],
  ['a::varchar::int', cast(cast(a, 'text'), 'integer')],
  ["date '2020-01-01'", cast(value('2020-01-01'), 'date')],
  ["TIMESTAMP '2020-01-01 10:00'", cast(value('2020-01-01 10:00'), 'timestamp')],
  ['date = timestamp', operation(name('date'), '=', name('timestamp'))],
  ["date_trunc('MONTH', a)", { kind: 'truncate', of: a, grain: 'month' }],
  ['extract(DOW from a)', { kind: 'extract', of: a, part: 'dow' }],
  ['extract(isodow from a)', { kind: 'extract', of: a, part: 'dow' }],
  [
    'metric(bookings, listing, listing__user) > 2',
    operation({ kind: 'metric', name: 'bookings', by: ['listing', 'listing__user'] }, '>', value(2)),
  ],
  ['metric(bookings)', { kind: 'metric', name: 'bookings', by: [] }],
  ['metric + round', operation(name('metric'), '+', name('round'))],
  ['a\n\t=\u00a01', operation(a, '=', value(1))],
  [
    'metric_time__extract_dow = X__Fiscal_Quarter',
    operation(name('metric_time__extract_dow'), '=', name('X__Fiscal_Quarter')),
  ],
])('%s', (text, tree) => {
  expect(parseCondition(text)).toEqual(tree)
})

test('case is read with and without a value to compare with', () => {
  const searched = 'case when a = 1 then b when a = 2 then c else 0 end'
  const simple = 'CASE a WHEN 1 THEN b WHEN 2 THEN c ELSE 0 END'
  expect(parseCondition(searched)).toEqual({
    kind: 'case',
    branches: [createBranch(operation(a, '=', value(1)), b), createBranch(operation(a, '=', value(2)), c)],
    otherwise: value(0),
  })
  expect(parseCondition(simple)).toEqual(parseCondition(searched))
  expect(parseCondition('case when a then b end')).toEqual({
    kind: 'case',
    branches: [createBranch(a, b)],
    otherwise: undefined,
  })
})

test('is distinct from tells nulls apart without being null itself', () => {
  expect(parseCondition('a is distinct from b')).toEqual(
    parseCondition('case when a is null then b is not null when b is null then true else a <> b end'),
  )
  expect(parseCondition('a is not distinct from b')).toEqual(not(parseCondition('a is distinct from b')))
})

test.each<[string, Tree]>([
  [
    'booking_value * 0.05 / bookers',
    operation(operation(name('booking_value'), '*', value(0.05)), '/', name('bookers')),
  ],
  [
    '(bookings - ref_bookings) * 1.0 / bookings',
    operation(operation(operation(name('bookings'), '-', name('ref_bookings')), '*', value(1)), '/', name('bookings')),
  ],
  [
    'bookings * 1.0 / NULLIF(lux_listing, 0)',
    operation(operation(name('bookings'), '*', value(1)), '/', call('nullif', name('lux_listing'), value(0))),
  ],
  ['t2mr - 10', operation(name('t2mr'), '-', value(10))],
  ['2 * bookings', operation(value(2), '*', name('bookings'))],
  ['bookings_all_time', name('bookings_all_time')],
])('the arithmetic %s is read', (text, tree) => {
  expect(parseArithmetic(text)).toEqual(tree)
})
