import type { CastType } from '../condition/tree.ts'
import type { Dialect } from '../sql/dialect.ts'
import { doubleQuoted, nullsLast, parts, quoted, standardCall } from './standard.ts'

const types: Readonly<Record<CastType, string>> = {
  boolean: 'BOOLEAN',
  date: 'DATE',
  integer: 'BIGINT',
  number: 'DOUBLE PRECISION',
  text: 'TEXT',
  timestamp: 'TIMESTAMP',
}

/** Postgres 13 and later, also embedded. Sessions are in UTC. */
export const postgres: Dialect = {
  name: 'postgres',
  percentiles: true,
  identifier: doubleQuoted,
  table: (name) => parts(name, doubleQuoted),
  placeholder: (marker, type) => (type === undefined ? marker : `CAST(${marker} AS ${types[type]})`),
  call: (name, args) => {
    // There is no round(double precision, integer).
    if (name === 'round')
      return `ROUND(CAST(${args[0] ?? ''} AS NUMERIC)${args[1] === undefined ? '' : `, ${args[1]}`})`
    return standardCall(name, args)
  },
  concat: (left, right) => `(${left} || ${right})`,
  // There is no modulo of doubles.
  modulo: (left, right) => `(CAST(${left} AS NUMERIC) % CAST(${right} AS NUMERIC))`,
  divide: (left, right) => `(CAST(${left} AS DOUBLE PRECISION) / NULLIF(CAST(${right} AS DOUBLE PRECISION), 0))`,
  cast: (sql, to) => `CAST(${sql} AS ${types[to]})`,
  truncate: (sql, grain) => `DATE_TRUNC(${quoted(grain)}, ${sql})`,
  extract: (sql, part) => `CAST(EXTRACT(${part === 'dow' ? 'ISODOW' : part.toUpperCase()} FROM ${sql}) AS INTEGER)`,
  shift: (sql, count, unit) => {
    const interval = unit === 'quarter' ? `${String(count * 3)} month` : `${String(count)} ${unit}`
    return `(${sql} + INTERVAL ${quoted(interval)})`
  },
  zoned: (sql, from, to) => `((${sql} AT TIME ZONE ${quoted(from)}) AT TIME ZONE ${quoted(to)})`,
  percentile: (sql, at, discrete) =>
    discrete
      ? `PERCENTILE_DISC(${String(at)}) WITHIN GROUP (ORDER BY ${sql})`
      : `PERCENTILE_CONT(${String(at)}) WITHIN GROUP (ORDER BY CAST(${sql} AS DOUBLE PRECISION))`,
  estimate: undefined,
  avg: (sql) => `AVG(CAST(${sql} AS DOUBLE PRECISION))`,
  countDistinct: (sql) => `COUNT(DISTINCT ${sql})`,
  series: (first, last, grain) => {
    const step = grain === 'quarter' ? '3 month' : `1 ${grain}`
    return `SELECT GENERATE_SERIES(${first}, ${last}, INTERVAL ${quoted(step)}) AS "t"`
  },
  order: nullsLast,
}
