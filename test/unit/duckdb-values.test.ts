import { afterAll, beforeAll, expect, test } from 'vitest'

import { lakeLimits, openLake, type Lake } from '../kit/lake.ts'

let lake: Lake
beforeAll(async () => {
  lake = await openLake({})
})
afterAll(() => lake[Symbol.asyncDispose]())

test.for<[sql: string, type: string, cell: unknown]>([
  ['null', 'number', null],
  ['true', 'boolean', true],
  ['42::tinyint', 'number', 42],
  ['9007199254740991::bigint', 'number', 9_007_199_254_740_991],
  ['9007199254740992::bigint', 'number', '9007199254740992'],
  ['(-9223372036854775807)::bigint - 1', 'number', '-9223372036854775808'],
  ['170141183460469231731687303715884105727::hugeint', 'number', '170141183460469231731687303715884105727'],
  ['sum(1::bigint)', 'number', 1],
  ['1.10::decimal(5, 2)', 'number', 1.1],
  ['-123456789012.345::decimal(18, 3)', 'number', -123_456_789_012.345],
  ['1234567890123456.78::decimal(20, 2)', 'number', '1234567890123456.78'],
  ['0.1::double + 0.2', 'number', 0.300_000_000_000_000_04],
  ['0.1::float', 'number', 0.1],
  ['16777217::float', 'number', 16_777_216],
  ["'nan'::double", 'number', 'NaN'],
  ["'-infinity'::double", 'number', '-Infinity'],
  ["'x'", 'text', 'x'],
  ["date '2020-01-31'", 'date', '2020-01-31'],
  ["timestamp '2020-01-31 00:00:00'", 'timestamp', '2020-01-31T00:00:00'],
  ["timestamp '2020-01-31 10:20:30.12'", 'timestamp', '2020-01-31T10:20:30.12'],
  ["timestamp_s '2020-01-31 10:20:30'", 'timestamp', '2020-01-31T10:20:30'],
  ["timestamp_ms '2020-01-31 10:20:30.5'", 'timestamp', '2020-01-31T10:20:30.5'],
  ["timestamp_ns '2020-01-31 10:20:30.123456789'", 'timestamp', '2020-01-31T10:20:30.123456789'],
  ["timestamptz '2020-01-31 10:20:30+05:30'", 'timestamp', '2020-01-31T04:50:30'],
  ["time '10:20:30'", 'text', '10:20:30'],
  ["interval '1 month 2 days'", 'text', '1 month 2 days'],
  ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", 'text', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ["'b'::enum('a', 'b')", 'text', 'b'],
  ["'ab'::blob", 'text', 'ab'],
  ['[1, 2]', 'text', '[1, 2]'],
  ["{'a': 1}", 'text', "{'a': 1}"],
  [`'{"a": 1}'::json`, 'text', '{"a": 1}'],
])('%s is a cell', async ([sql, type, cell]) => {
  const { columns, rows } = await lake.engine.run(
    { sql: `select ${sql} as x`, values: [] },
    { limits: lakeLimits, tables: [] },
  )
  expect(columns).toEqual([{ name: 'x', type }])
  expect(rows).toEqual([[cell]])
})
