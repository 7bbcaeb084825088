import type { CastType, DatePart } from '../condition/tree.ts'
import type { Dialect } from '../sql/dialect.ts'
import { nullsLast, parts, quoted, standardCall } from './standard.ts'

const types: Readonly<Record<CastType, string>> = {
  boolean: 'Nullable(Bool)',
  date: 'Nullable(Date32)',
  integer: 'Nullable(Int64)',
  number: 'Nullable(Float64)',
  text: 'Nullable(String)',
  timestamp: "Nullable(DateTime64(6, 'UTC'))",
}
const quotedName = (name: string): string => `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
const extracts: Readonly<Record<DatePart, string>> = {
  year: 'toYear',
  quarter: 'toQuarter',
  month: 'toMonth',
  week: 'toISOWeek',
  day: 'toDayOfMonth',
  dow: 'toDayOfWeek',
  doy: 'toDayOfYear',
  hour: 'toHour',
  minute: 'toMinute',
  second: 'toSecond',
}

/** ClickHouse 24 and later, with `join_use_nulls` and `aggregate_functions_null_for_empty`. */
export const clickhouse: Dialect = {
  name: 'clickhouse',
  percentiles: true,
  identifier: quotedName,
  table: (name) => parts(name, quotedName),
  placeholder: (marker, type) => `{${marker}:${type === undefined ? 'String' : types[type]}}`,
  call: (name, args) => (name === 'length' ? `lengthUTF8(${args.join(', ')})` : standardCall(name, args)),
  concat: (left, right) => `concat(${left}, ${right})`,
  modulo: (left, right) => `(${left} % ${right})`,
  divide: (left, right) => `(toFloat64(${left}) / nullIf(toFloat64(${right}), 0))`,
  cast: (sql, to) => `CAST(${sql}, ${quoted(types[to])})`,
  truncate: (sql, grain) => `CAST(date_trunc(${quoted(grain)}, ${sql}), ${quoted(types.timestamp)})`,
  extract: (sql, part) => `toInt32(${extracts[part]}(${sql}))`,
  shift: (sql, count, unit) => `(${sql} + INTERVAL ${String(count)} ${unit.toUpperCase()})`,
  zoned: (sql, from, to) =>
    `toDateTime64(toString(toTimeZone(toDateTime64(toString(${sql}), 6, ${quoted(from)}), ${quoted(to)})), 6, 'UTC')`,
  percentile: (sql, at, discrete) =>
    discrete ? `quantileExactLow(${String(at)})(${sql})` : `quantileExactInclusive(${String(at)})(toFloat64(${sql}))`,
  estimate: (sql, at) => `quantileTDigest(${String(at)})(toFloat64(${sql}))`,
  avg: (sql) => `avg(toFloat64(${sql}))`,
  countDistinct: (sql) => `uniqExact(${sql})`,
  series: (first, last, grain) =>
    `SELECT arrayJoin(arrayMap(i -> ${first} + toInterval${grain.slice(0, 1).toUpperCase()}${grain.slice(1)}(i), range(toUInt64(dateDiff(${quoted(grain)}, ${first}, ${last}) + 1)))) AS "t"`,
  order: nullsLast,
}
