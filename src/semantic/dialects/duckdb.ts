import type { CastType, DatePart } from '../condition/tree.ts'
import type { Dialect } from '../sql/dialect.ts'
import { doubleQuoted, nullsLast, parts, quoted, standardCall } from './standard.ts'

const types: Readonly<Record<CastType, string>> = {
  boolean: 'BOOLEAN',
  date: 'DATE',
  integer: 'BIGINT',
  number: 'DOUBLE',
  text: 'VARCHAR',
  timestamp: 'TIMESTAMP',
}
const isFile = /\/|\.(parquet|csv|tsv|json|jsonl|ndjson)(\.gz|\.zst)?$/i
const partNames: Partial<Record<DatePart, string>> = { dow: 'isodow' }

export const duckdb: Dialect = {
  name: 'duckdb',
  percentiles: true,
  identifier: doubleQuoted,
  table: (name) => (isFile.test(name) ? doubleQuoted(name) : parts(name, doubleQuoted)),
  placeholder: (marker, type) => (type === undefined ? marker : `CAST(${marker} AS ${types[type]})`),
  call: (name, args) => (name === 'length' ? `LENGTH(${args.join(', ')})` : standardCall(name, args)),
  concat: (left, right) => `(${left} || ${right})`,
  modulo: (left, right) => `(${left} % ${right})`,
  divide: (left, right) => `(CAST(${left} AS DOUBLE) / NULLIF(CAST(${right} AS DOUBLE), 0))`,
  cast: (sql, to) => `CAST(${sql} AS ${types[to]})`,
  // Of a date, DATE_TRUNC is a date.
  truncate: (sql, grain) => `CAST(DATE_TRUNC(${quoted(grain)}, ${sql}) AS TIMESTAMP)`,
  extract: (sql, part) =>
    part === 'second'
      ? `CAST(FLOOR(EXTRACT(second FROM ${sql})) AS INTEGER)`
      : `EXTRACT(${partNames[part] ?? part} FROM ${sql})`,
  shift: (sql, count, unit) => `(${sql} + INTERVAL (${String(count)}) ${unit.toUpperCase()})`,
  zoned: (sql, from, to) => `TIMEZONE(${quoted(to)}, TIMEZONE(${quoted(from)}, ${sql}))`,
  percentile: (sql, at, discrete) =>
    discrete ? `QUANTILE_DISC(${sql}, ${String(at)})` : `QUANTILE_CONT(CAST(${sql} AS DOUBLE), ${String(at)})`,
  estimate: (sql, at) => `APPROX_QUANTILE(${sql}, ${String(at)})`,
  avg: (sql) => `AVG(CAST(${sql} AS DOUBLE))`,
  countDistinct: (sql) => `COUNT(DISTINCT ${sql})`,
  series: (first, last, grain) =>
    `SELECT UNNEST(GENERATE_SERIES(${first}, ${last}, INTERVAL 1 ${grain.toUpperCase()})) AS "t"`,
  order: nullsLast,
}
