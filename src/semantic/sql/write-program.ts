import type { SqlValue, Statement } from '../engine.ts'
import type { Dialect } from './dialect.ts'
import type { From, Joined, Named, Program, Query, Select, Source, Sql } from './sql.ts'

/** Writes a program as one statement of a dialect, values as parameters in their order. */
export function writeProgram(program: Program, dialect: Dialect): Statement {
  const values: SqlValue[] = []
  const writer: Writer = { dialect, values }
  const common = program.common.map(
    ({ name, query }) => `${dialect.identifier(name)} AS (\n${indent(writeQuery(query, writer))}\n)`,
  )
  const head = common.length === 0 ? '' : `WITH ${common.join(',\n')}\n`
  return place(`${head}${writeQuery(program.query, writer)}`, writer)
}

// A dialect may write an argument twice, and MySQL counts its question marks: markers become placeholders at the end.
const mark = String.fromCharCode(0)
const marks = new RegExp(`${mark}(\\d+)${mark}`, 'g')

function place(text: string, { dialect, values }: Writer): Statement {
  if (dialect.name !== 'mysql') {
    const prefix = dialect.name === 'clickhouse' ? 'p' : '$'
    return { sql: text.replace(marks, (_, index: string) => `${prefix}${String(Number(index) + 1)}`), values }
  }
  const inOrder: SqlValue[] = []
  const sql = text.replace(marks, (_, index: string) => {
    inOrder.push(values[Number(index)] ?? null)
    return '?'
  })
  return { sql, values: inOrder }
}

interface Writer {
  readonly dialect: Dialect
  readonly values: SqlValue[]
}

const indent = (text: string): string => text.replaceAll('\n', '\n  ').replace(/^/, '  ')

function writeQuery(query: Query, writer: Writer): string {
  if (query.kind === 'select') return writeSelect(query, writer)
  return query.parts.map((part) => writeQuery(part, writer)).join('\nUNION ALL\n')
}

function writeSelect(query: Select, writer: Writer): string {
  const columns = query.columns.map((named) => writeNamed(named, writer)).join(', ')
  const lines = [
    `SELECT ${query.distinct ? 'DISTINCT ' : ''}${columns}`,
    `FROM ${writeSource(query.from, writer)}`,
    ...query.joins.map((joined) => writeJoin(joined, writer)),
  ]
  if (query.where.length > 0) lines.push(`WHERE ${writeAll(query.where, writer)}`)
  if (query.groupBy !== undefined && query.groupBy > 0) {
    lines.push(`GROUP BY ${Array.from({ length: query.groupBy }, (_, index) => String(index + 1)).join(', ')}`)
  }
  if (query.having.length > 0) lines.push(`HAVING ${writeAll(query.having, writer)}`)
  if (query.order.length > 0) {
    const orders = query.order.map((order) => writer.dialect.order(writeSql(order.by, writer), order))
    lines.push(`ORDER BY ${orders.join(', ')}`)
  }
  if (query.limit !== undefined) lines.push(`LIMIT ${String(query.limit)}`)
  return lines.join('\n')
}

const writeNamed = ({ name, sql }: Named, writer: Writer): string =>
  `${writeSql(sql, writer)} AS ${writer.dialect.identifier(name)}`

const writeAll = (conditions: readonly Sql[], writer: Writer): string =>
  conditions.map((condition) => writeSql(condition, writer)).join('\n  AND ')

function writeSource({ alias, from }: Source, writer: Writer): string {
  return `${writeFrom(from, writer)} AS ${writer.dialect.identifier(alias)}`
}

function writeFrom(from: From, writer: Writer): string {
  if (from.kind === 'table') return writer.dialect.table(from.table)
  if (from.kind === 'common') return writer.dialect.identifier(from.name)
  // The line break ends a comment that the model's query may end with.
  if (from.kind === 'native') return `(\n${from.sql}\n)`
  if (from.kind === 'query') return `(\n${indent(writeQuery(from.query, writer))}\n)`
  const series = writer.dialect.series(writeSql(from.first, writer), writeSql(from.last, writer), from.grain)
  return `(${series})`
}

function writeJoin(joined: Joined, writer: Writer): string {
  const source = writeSource(joined, writer)
  if (joined.join === 'cross') return `CROSS JOIN ${source}`
  return `${joined.join === 'left' ? 'LEFT' : 'INNER'} JOIN ${source} ON ${writeAll(joined.on, writer)}`
}

// oxlint-disable-next-line typescript/consistent-return -- every kind of expression returns
function writeSql(sql: Sql, writer: Writer): string {
  const { dialect } = writer
  const write = (part: Sql): string => writeSql(part, writer)
  switch (sql.kind) {
    case 'column': {
      const name = dialect.identifier(sql.name)
      return sql.of === undefined ? name : `${dialect.identifier(sql.of)}.${name}`
    }
    case 'native':
      return `(${sql.sql})`
    case 'parameter':
      return dialect.placeholder(`${mark}${String(writer.values.push(sql.value) - 1)}${mark}`, sql.type)
    case 'literal':
      return sql.value === null
        ? 'NULL'
        : typeof sql.value === 'boolean'
          ? sql.value
            ? 'TRUE'
            : 'FALSE'
          : String(sql.value)
    case 'operation':
      return writeOperation(sql, writer)
    case 'not':
      return `(NOT ${write(sql.of)})`
    case 'negative':
      return `(- ${write(sql.of)})`
    case 'is_null':
      return `(${write(sql.of)} IS NULL)`
    case 'in':
      return `(${write(sql.of)} IN (${sql.list.map(write).join(', ')}))`
    case 'call':
      return dialect.call(sql.name, sql.args.map(write))
    case 'cast':
      return dialect.cast(write(sql.of), sql.to)
    case 'truncate':
      return dialect.truncate(write(sql.of), sql.grain)
    case 'extract':
      return dialect.extract(write(sql.of), sql.part)
    case 'shift':
      return dialect.shift(write(sql.of), sql.count, sql.unit)
    case 'zoned':
      return dialect.zoned(write(sql.of), sql.from, sql.to)
    case 'case': {
      const branches = sql.branches.map(({ when, then }) => `WHEN ${write(when)} THEN ${write(then)}`).join(' ')
      return `CASE ${branches}${sql.otherwise === undefined ? '' : ` ELSE ${write(sql.otherwise)}`} END`
    }
    case 'aggregate':
      return writeAggregate(sql, writer)
    case 'window':
      return writeWindow(sql, writer)
    case 'subquery':
      return `(${writeQuery(sql.query, writer)})`
  }
}

function writeOperation({ operator, left, right }: Extract<Sql, { kind: 'operation' }>, writer: Writer): string {
  const before = writeSql(left, writer)
  const after = writeSql(right, writer)
  if (operator === '/') return writer.dialect.divide(before, after)
  if (operator === '||') return writer.dialect.concat(before, after)
  if (operator === '%') return writer.dialect.modulo(before, after)
  return `(${before} ${operator.toUpperCase()} ${after})`
}

function writeAggregate(sql: Extract<Sql, { kind: 'aggregate' }>, writer: Writer): string {
  const of = writeSql(sql.of, writer)
  const { dialect } = writer
  if (sql.aggregate === 'avg') return dialect.avg(of)
  if (sql.aggregate === 'count_distinct') return dialect.countDistinct(of)
  if (sql.aggregate === 'percentile') {
    const { at, discrete, approximate } = sql.percentile ?? { at: 0.5, discrete: false, approximate: false }
    if (approximate && !discrete && dialect.estimate !== undefined) return dialect.estimate(of, at)
    return dialect.percentile(of, at, discrete)
  }
  return `${sql.aggregate.toUpperCase()}(${of})`
}

function writeWindow(sql: Extract<Sql, { kind: 'window' }>, writer: Writer): string {
  const of = sql.of === undefined ? '' : writeSql(sql.of, writer)
  const partition = sql.partition.map((part) => writeSql(part, writer)).join(', ')
  const order = sql.order.map((one) => writer.dialect.order(writeSql(one.by, writer), one)).join(', ')
  const over = [
    ...(partition === '' ? [] : [`PARTITION BY ${partition}`]),
    ...(order === '' ? [] : [`ORDER BY ${order}`]),
  ].join(' ')
  return `${sql.name.toUpperCase()}(${of}) OVER (${over})`
}
