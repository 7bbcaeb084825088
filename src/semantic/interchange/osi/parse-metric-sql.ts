import type { Aggregate, MetricSql } from './metric-sql.ts'
import { nameOf, sqlTokens, type SqlToken } from './sql-tokens.ts'

/** Why a metric's SQL is more than arithmetic of aggregates. */
export class MetricSqlError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MetricSqlError'
  }
}

const aggregates: ReadonlyMap<string, Aggregate> = new Map([
  ['sum', 'sum'],
  ['min', 'min'],
  ['max', 'max'],
  ['avg', 'avg'],
  ['count', 'count'],
  ['median', 'median'],
])
const calls = ['abs', 'ceil', 'coalesce', 'floor', 'greatest', 'least', 'nullif', 'round']
const realTypes = /^(double(\s+precision)?|float\d*|real|decimal|numeric|number)$/
const maxDepth = 100

interface Reading {
  readonly all: readonly SqlToken[]
  /** Without spaces. */
  readonly tokens: readonly SqlToken[]
  readonly metrics: ReadonlySet<string>
  at: number
  depth: number
}

/** Arithmetic over `SUM(dataset.column)` and its like, and over other metrics by name. Throws MetricSqlError. */
export function parseMetricSql(sql: string, metrics: ReadonlySet<string>): MetricSql {
  const all = sqlTokens(sql)
  const tokens = all.filter(({ kind }) => kind !== 'space')
  const reading: Reading = { all, tokens, metrics, at: 0, depth: 0 }
  const parsed = parseSum(reading)
  if (reading.at < tokens.length) throw unexpected(reading)
  return parsed
}

const sees = ({ tokens, at }: Reading, text: string, ahead = 0): boolean =>
  tokens[at + ahead]?.kind !== 'text' && tokens[at + ahead]?.text.toLowerCase() === text

function accept(reading: Reading, text: string): boolean {
  const isSeen = sees(reading, text)
  if (isSeen) reading.at += 1
  return isSeen
}

function expect(reading: Reading, text: string): void {
  if (!accept(reading, text)) throw unexpected(reading)
}

function unexpected({ tokens, at }: Reading): MetricSqlError {
  const token = tokens[at]
  const found =
    token === undefined ? 'it ends too early' : token.kind === 'text' ? 'it has a text' : token.text.slice(0, 40)
  return new MetricSqlError(`not arithmetic over aggregates: ${found}`)
}

function parseSum(reading: Reading): MetricSql {
  reading.depth += 1
  if (reading.depth > maxDepth) throw new MetricSqlError(`nested deeper than ${String(maxDepth)} levels`)
  let left = parseProduct(reading)
  for (;;) {
    const operator = ['+', '-'].find((one) => accept(reading, one))
    if (operator === undefined) break
    left = { kind: 'operation', operator, left, right: parseProduct(reading) }
  }
  reading.depth -= 1
  return left
}

function parseProduct(reading: Reading): MetricSql {
  let left = parseFactor(reading)
  for (;;) {
    const operator = ['*', '/'].find((one) => accept(reading, one))
    if (operator === undefined) return left
    left = { kind: 'operation', operator, left, right: parseFactor(reading) }
  }
}

function parseFactor(reading: Reading): MetricSql {
  if (accept(reading, '-')) {
    reading.depth += 1
    if (reading.depth > maxDepth) throw new MetricSqlError(`nested deeper than ${String(maxDepth)} levels`)
    return { kind: 'negative', of: parseFactor(reading) }
  }
  if (accept(reading, '(')) {
    const inner = parseSum(reading)
    expect(reading, ')')
    return inner
  }
  const token = reading.tokens[reading.at]
  if (token?.kind === 'number') {
    reading.at += 1
    return { kind: 'number', text: token.text }
  }
  const name = token === undefined ? undefined : nameOf(token)
  if (name === undefined) throw unexpected(reading)
  if (sees(reading, '(', 1)) return parseCall(reading, name.toLowerCase())
  if (!reading.metrics.has(name.toLowerCase()) || sees(reading, '.', 1)) throw unexpected(reading)
  reading.at += 1
  return { kind: 'metric', name: name.toLowerCase() }
}

function parseCall(reading: Reading, name: string): MetricSql {
  if (name === 'percentile_cont' || name === 'percentile_disc') return parsePercentile(reading, name)
  const aggregate = aggregates.get(name)
  if (aggregate === undefined && name !== 'cast' && !calls.includes(name)) throw unexpected(reading)
  reading.at += 2
  if (aggregate !== undefined) return parseAggregate(reading, aggregate)
  if (name === 'cast') return parseCast(reading)
  const args = [parseSum(reading)]
  while (accept(reading, ',')) args.push(parseSum(reading))
  expect(reading, ')')
  return { kind: 'call', name, args }
}

function parseAggregate(reading: Reading, aggregate: Aggregate): MetricSql {
  const isDistinct = accept(reading, 'distinct')
  const of = untilClosed(reading)
  const isCount = aggregate === 'count'
  if (isDistinct && !isCount && aggregate !== 'min' && aggregate !== 'max') {
    throw new MetricSqlError(`${aggregate.toUpperCase()}(DISTINCT …) has no counterpart here`)
  }
  refuseWindow(reading)
  return {
    kind: 'aggregate',
    aggregate: isDistinct && isCount ? 'count_distinct' : aggregate,
    of,
    percentile: undefined,
  }
}

/** `PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY orders.amount)` */
function parsePercentile(reading: Reading, name: string): MetricSql {
  reading.at += 2
  const [share, ...more] = solid(untilClosed(reading))
  const at = Number(share?.text)
  if (more.length > 0 || !(at > 0 && at < 1)) throw new MetricSqlError('a percentile has to be between 0 and 1')
  for (const one of ['within', 'group', '(', 'order', 'by']) expect(reading, one)
  const of = untilClosed(reading)
  const order = solid(of).at(-1)?.text.toLowerCase()
  if (order === 'desc') throw new MetricSqlError('a percentile of descending values has no counterpart here')
  refuseWindow(reading)
  return {
    kind: 'aggregate',
    aggregate: 'percentile',
    of: order === 'asc' ? of.slice(0, -1) : of,
    percentile: { at, discrete: name === 'percentile_disc' },
  }
}

/** To a real type; every quotient is real here. */
function parseCast(reading: Reading): MetricSql {
  const of = parseSum(reading)
  expect(reading, 'as')
  const type = solid(untilClosed(reading)).map(({ text }) => text.toLowerCase())
  if (!realTypes.test(type.join(' '))) throw new MetricSqlError(`a cast to ${type.join(' ').slice(0, 40)}`)
  return of
}

function refuseWindow(reading: Reading): void {
  for (const one of ['over', 'filter']) {
    if (sees(reading, one)) throw new MetricSqlError(`${one.toUpperCase()} has no counterpart here`)
  }
}

/** What is left of the parentheses that are open, and past them. */
function untilClosed(reading: Reading): readonly SqlToken[] {
  const from = reading.at
  let depth = 1
  while (depth > 0) {
    const token = reading.tokens[reading.at]
    if (token === undefined) throw unexpected(reading)
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    reading.at += 1
  }
  const inner = reading.tokens.slice(from, reading.at - 1)
  const [first] = inner
  if (first === undefined) throw new MetricSqlError('an aggregate of nothing')
  if (hasComma(inner)) throw new MetricSqlError('an aggregate of several columns')
  return reading.all.slice(first.at, (inner.at(-1) ?? first).at + 1)
}

const solid = (tokens: readonly SqlToken[]): readonly SqlToken[] => tokens.filter(({ kind }) => kind !== 'space')

function hasComma(tokens: readonly SqlToken[]): boolean {
  let depth = 0
  return tokens.some(({ text }) => {
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
    return text === ',' && depth === 0
  })
}
