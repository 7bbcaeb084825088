import { createBranch } from '../condition/branch.ts'
import type { Model } from '../../../schemas/metrics.ts'
import { refuse } from '../refuse.ts'
import {
  column,
  fromQuery,
  literal,
  operation,
  select,
  type Joined,
  type Named,
  type Select,
  type Source,
  type Sql,
} from '../sql/sql.ts'
import type { Context } from './context.ts'

type Measure = Model['measures'][string]

/** A measure to aggregate: the column of the rows that holds its value, and the name of the result. */
export interface Aggregated {
  readonly name: string
  readonly from: string
  readonly measure: Measure
}

export interface Grouping {
  readonly rows: Source
  readonly joins: readonly Joined[]
  readonly where: readonly Sql[]
  /** What is grouped by; each over `rows` and `joins`. */
  readonly by: readonly Named[]
  readonly values: readonly Aggregated[]
  /** Keeps the rows at the first or last value of column `o` among those of the same `per` columns and times. */
  readonly choose:
    | { readonly which: 'min' | 'max'; readonly per: readonly string[]; readonly times: readonly string[] }
    | undefined
  readonly minRows: number | undefined
}

/** Groups rows and aggregates measures over them. */
export function aggregate(context: Context, grouping: Grouping): Select {
  const chosen = grouping.choose === undefined ? grouping : choose(grouping, grouping.choose)
  const ranked = context.dialect.percentiles || !chosen.values.some(isPercentile) ? chosen : rankValues(chosen)
  const { rows, joins, where, by, values, minRows } = ranked
  return select({
    columns: [...by, ...values.map((value) => ({ name: value.name, sql: valueOf(context, value, rows.alias) }))],
    from: rows,
    joins,
    where,
    groupBy: by.length,
    having: minRows === undefined ? [] : [operation('>=', count(literal(1)), literal(minRows))],
  })
}

const count = (of: Sql): Sql => ({ kind: 'aggregate', aggregate: 'count', of })
const isPercentile = ({ measure }: Aggregated): boolean => measure.agg === 'median' || measure.agg === 'percentile'
const percentileOf = ({ agg, percentile }: Measure): NonNullable<Measure['percentile']> =>
  agg === 'median' || percentile === undefined ? { at: 0.5, discrete: false, approximate: false } : percentile

function valueOf(context: Context, { from, measure, name }: Aggregated, alias: string): Sql {
  const of = column(from, alias)
  if (measure.agg === 'sum_boolean') {
    return count({ kind: 'case', branches: [createBranch(of, literal(1))], otherwise: undefined })
  }
  if (measure.agg !== 'median' && measure.agg !== 'percentile') return { kind: 'aggregate', aggregate: measure.agg, of }
  const percentile = percentileOf(measure)
  if (percentile.approximate && !percentile.discrete && context.dialect.estimate === undefined) {
    refuse('unsupported', `${context.dialect.name} estimates no percentiles; without approximate it is exact.`)
  }
  if (!context.dialect.percentiles) return rankedPercentile(name, of, alias, percentile)
  return { kind: 'aggregate', aggregate: 'percentile', of, percentile }
}

/** The grouped columns and values of a stage, as columns of the next. */
function nextStage(grouping: Grouping, stage: Select, alias: string): Grouping {
  return {
    ...grouping,
    rows: fromQuery(alias, stage),
    joins: [],
    where: [],
    by: grouping.by.map(({ name }) => ({ name, sql: column(name, alias) })),
  }
}

function stageColumns({ rows, by, values }: Grouping): readonly Named[] {
  const kept = [...new Set(values.map(({ from }) => from))]
  return [...by, ...kept.map((name) => ({ name, sql: column(name, rows.alias) }))]
}

function choose(grouping: Grouping, { which, per, times }: NonNullable<Grouping['choose']>): Grouping {
  const { rows, joins, where, by } = grouping
  const partition = [
    ...per.map((name) => column(name, rows.alias)),
    ...by.filter(({ name }) => times.includes(name)).map(({ sql }) => sql),
  ]
  const stage = select({
    columns: [
      ...stageColumns(grouping),
      { name: 'o', sql: column('o', rows.alias) },
      { name: 'best', sql: { kind: 'window', name: which, of: column('o', rows.alias), partition, order: [] } },
    ],
    from: rows,
    joins,
    where,
  })
  return { ...nextStage(grouping, stage, 'h'), where: [operation('=', column('o', 'h'), column('best', 'h'))] }
}

/** Each value's rank among its group's, and how many there are, for databases without percentiles. */
function rankValues(grouping: Grouping): Grouping {
  const { rows, joins, where, by, values } = grouping
  const windows = values.filter(isPercentile).flatMap(({ name, from }): readonly Named[] => {
    const of = column(from, rows.alias)
    const partition = by.map(({ sql }) => sql)
    return [
      {
        name: `${name} rank`,
        sql: { kind: 'window', name: 'row_number', of: undefined, partition, order: [{ by: of, descending: false }] },
      },
      { name: `${name} count`, sql: { kind: 'window', name: 'count', of, partition, order: [] } },
    ]
  })
  const stage = select({ columns: [...stageColumns(grouping), ...windows], from: rows, joins, where })
  return nextStage(grouping, stage, 'q')
}

const round = (to: 'floor' | 'ceil', value: Sql): Sql => ({ kind: 'call', name: to, args: [value] })
const real = (sql: Sql): Sql => ({ kind: 'cast', of: sql, to: 'number' })

/** Continuous: between the values around place (n − 1) × at; discrete: the value at ⌈n × at⌉. */
function rankedPercentile(
  name: string,
  of: Sql,
  alias: string,
  { at, discrete }: { at: number; discrete: boolean },
): Sql {
  const n = column(`${name} count`, alias)
  const valueAt = (place: Sql): Sql => ({
    kind: 'aggregate',
    aggregate: 'max',
    of: {
      kind: 'case',
      branches: [createBranch(operation('=', column(`${name} rank`, alias), place), of)],
      otherwise: undefined,
    },
  })
  if (discrete) return valueAt(round('ceil', operation('*', n, literal(at))))
  const place = operation('*', operation('-', n, literal(1)), literal(at))
  const below = valueAt(operation('+', round('floor', place), literal(1)))
  const above = valueAt(operation('+', round('ceil', place), literal(1)))
  const share: Sql = { kind: 'aggregate', aggregate: 'max', of: operation('-', place, round('floor', place)) }
  return operation('+', real(below), operation('*', share, operation('-', real(above), real(below))))
}
