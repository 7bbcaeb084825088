import type { CastType, DatePart, StandardGrain } from '../condition/tree.ts'
import { refuse } from '../refuse.ts'
import type { Dialect } from '../sql/dialect.ts'
import { parts, quoted, standardCall } from './standard.ts'

const types: Readonly<Record<CastType, string>> = {
  boolean: 'UNSIGNED',
  date: 'DATE',
  integer: 'SIGNED',
  number: 'DOUBLE',
  text: 'CHAR',
  timestamp: 'DATETIME(6)',
}
const backQuoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``
const asTime = (sql: string): string => `CAST(${sql} AS DATETIME(6))`
const formats: Partial<Record<StandardGrain, string>> = {
  year: '%Y-01-01',
  month: '%Y-%m-01',
  day: '%Y-%m-%d',
  hour: '%Y-%m-%d %H:00:00',
  minute: '%Y-%m-%d %H:%i:00',
  second: '%Y-%m-%d %H:%i:%s',
}

function truncate(sql: string, grain: StandardGrain): string {
  const format = formats[grain]
  if (format !== undefined) return asTime(`DATE_FORMAT(${sql}, ${quoted(format)})`)
  if (grain === 'week') return asTime(`DATE(${sql}) - INTERVAL WEEKDAY(${sql}) DAY`)
  if (grain === 'quarter') return asTime(`MAKEDATE(YEAR(${sql}), 1) + INTERVAL (QUARTER(${sql}) - 1) QUARTER`)
  return `(${sql} - INTERVAL (MICROSECOND(${sql}) % 1000) MICROSECOND)`
}

function extract(sql: string, part: DatePart): string {
  if (part === 'dow') return `(WEEKDAY(${sql}) + 1)`
  if (part === 'doy') return `DAYOFYEAR(${sql})`
  // Mode 3 is the ISO week.
  return part === 'week' ? `WEEK(${sql}, 3)` : `EXTRACT(${part.toUpperCase()} FROM ${sql})`
}

const interval = (count: number, unit: StandardGrain): string =>
  unit === 'millisecond'
    ? `INTERVAL ${String(count * 1000)} MICROSECOND`
    : `INTERVAL ${String(count)} ${unit.toUpperCase()}`

const digits = Array.from({ length: 10 }, (_, digit) => `SELECT ${String(digit)}${digit === 0 ? ' AS `d`' : ''}`).join(
  ' UNION ALL ',
)
/** 273 years of days, 114 of hours, 19 of minutes. */
const numbersFor = (grain: StandardGrain): readonly { readonly alias: string; readonly times: number }[] =>
  Array.from({ length: grain === 'minute' ? 7 : grain === 'hour' ? 6 : 5 }, (_, place) => ({
    alias: `d${String(place)}`,
    times: 10 ** place,
  })).toReversed()

/** MariaDB 10.5 and MySQL 8.0 and later. Text compares as the columns' collations say. */
export const mysql: Dialect = {
  name: 'mysql',
  percentiles: false,
  identifier: backQuoted,
  table: (name) => parts(name, backQuoted),
  placeholder: (marker, type) => (type === undefined ? marker : `CAST(${marker} AS ${types[type]})`),
  call: (name, args) => {
    // Elsewhere null arguments are passed over.
    if (name === 'concat') return `CONCAT(${args.map((arg) => `COALESCE(${arg}, '')`).join(', ')})`
    if (name === 'greatest' || name === 'least') {
      return args.reduce((a, b) => `${name.toUpperCase()}(COALESCE(${a}, ${b}), COALESCE(${b}, ${a}))`)
    }
    // Doubles would be rounded to the even neighbour.
    if (name === 'round')
      return `ROUND(CAST(${args[0] ?? ''} AS DECIMAL(65, 20))${args[1] === undefined ? '' : `, ${args[1]}`})`
    return standardCall(name, args)
  },
  concat: (left, right) => `CONCAT(${left}, ${right})`,
  modulo: (left, right) => `(${left} % ${right})`,
  divide: (left, right) => `(CAST(${left} AS DOUBLE) / NULLIF(CAST(${right} AS DOUBLE), 0))`,
  cast: (sql, to) => `CAST(${sql} AS ${types[to]})`,
  truncate,
  extract,
  shift: (sql, count, unit) => `(${sql} + ${interval(count, unit)})`,
  zoned: (sql, from, to) => `CONVERT_TZ(${sql}, ${quoted(from)}, ${quoted(to)})`,
  // Written as ranks and counts; see build/rank-values.ts.
  percentile: (sql) => sql,
  estimate: undefined,
  avg: (sql) => `AVG(CAST(${sql} AS DOUBLE))`,
  countDistinct: (sql) => `COUNT(DISTINCT ${sql})`,
  // A recursive table within a subquery cannot see the common tables of the statement in MariaDB, so numbers are multiplied out.
  series: (first, last, grain) => {
    if (grain === 'second' || grain === 'millisecond') {
      refuse('unsupported', `MySQL lists no ${grain}s between two times; declare a calendar of them.`)
    }
    const unit = grain.toUpperCase()
    const numbers = numbersFor(grain)
    const from = numbers.map(({ alias }) => `STRAIGHT_JOIN (${digits}) AS \`${alias}\``).join(' ')
    // The larger digits come first, and what is past the end with these alone is not multiplied with the others.
    const sums = numbers.map((_, place) =>
      numbers
        .slice(0, place + 1)
        .map(({ alias, times }) => `\`${alias}\`.\`d\` * ${String(times)}`)
        .join(' + '),
    )
    const near = sums
      .map((sum) => `${sum} <= TIMESTAMPDIFF(${unit}, \`b\`.\`first\`, \`b\`.\`last\`) + 1`)
      .join(' AND ')
    const time = `\`b\`.\`first\` + INTERVAL (${sums.at(-1) ?? '0'}) ${unit}`
    return `SELECT ${time} AS \`t\` FROM (SELECT ${first} AS \`first\`, ${last} AS \`last\`) AS \`b\` ${from} WHERE ${near} AND ${time} <= \`b\`.\`last\``
  },
  order: (sql, { descending }) => `${sql} IS NULL, ${sql} ${descending ? 'DESC' : 'ASC'}`,
}
