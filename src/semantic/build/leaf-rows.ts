import type { MetricLayer, Model } from '../../../schemas/metrics.ts'
import type { StandardGrain } from '../condition/tree.ts'
import { timeOfMeasure, type Asked } from '../plan/asked.ts'
import { modelOfMeasure, type Filter, type Leaf } from '../plan/expand-metric.ts'
import { refuse } from '../refuse.ts'
import { column, fromQuery, later, operation, select, type Named, type Select, type Sql } from '../sql/sql.ts'
import { openCutter, standardGrain } from './calendars.ts'
import { ownCut, rowNames, splitConditions, writeCondition, type Asking, type Condition } from './conditions.ts'
import type { Context } from './context.ts'
import { openRows, type RowScope } from './row-scope.ts'
import { writeTree, type Names } from './write-tree.ts'

type Measure = Model['measures'][string]

/** The rows that leaves of one kind aggregate. Columns: the asked-for ones, `t` (their time), a value per measure. */
export interface LeafRows {
  readonly query: Select
  /** Conditions that speak of a later time; see `placeTime`. */
  readonly late: readonly { readonly condition: Condition; readonly sql: Sql }[]
}

export interface LeafRequest {
  readonly leaf: Leaf
  readonly measures: readonly string[]
  /** Asked-for columns that are not the leaf's own time. */
  readonly others: readonly Asked[]
  readonly timeName: string | undefined
  readonly asking: Asking
}

export function leafRows(context: Context, request: LeafRequest): LeafRows {
  return request.leaf.conversion === undefined ? ownRows(context, request) : convertedRows(context, request)
}

/** The base model's rows with their asked-for columns, time and early conditions; `more` adds what else is needed. */
function ownRows(context: Context, request: LeafRequest, more?: (rows: RowScope) => readonly Named[]): LeafRows {
  const { leaf, others, timeName, asking, measures } = request
  const rows = openRows(context, leaf.model, { time: timeName, metrics: true })
  const cutter = openCutter(context, rows.join)
  const columns: Named[] = others.map(({ name, resolved, cut }) => {
    const found = resolved.columns?.get(leaf.model)
    if (found === undefined) throw new Error(`${resolved.name} was not resolved for ${leaf.model}`)
    const sql = rows.dimension(found)
    return { name, sql: found.kind === 'time' ? cutter.cut(sql, cut ?? ownCut(context, resolved, leaf)) : sql }
  })
  if (timeName !== undefined) columns.push({ name: 't', sql: rows.time(timeName) })
  columns.push(...(more?.(rows) ?? measures.flatMap((measure) => measureColumns(context, leaf.model, measure, rows))))
  const conditions = splitConditions(context, leaf, leaf.conversion?.baseFilters ?? leaf.filters, asking)
  const names = (filter: Filter, time: () => Sql): Names =>
    rowNames(context, { leaf, filter, asking, rows, cutter, time })
  const timeOfRows = (): Sql =>
    timeName === undefined
      ? refuse('needs_time', `${leaf.measure} has no time that a condition could speak of.`)
      : rows.time(timeName)
  const where = conditions
    .filter((condition) => !isLate(leaf, condition))
    .map((condition) => writeCondition(condition, names(condition.filter, timeOfRows)))
  const lateConditions = conditions.filter((condition) => isLate(leaf, condition))
  if ((leaf.cumulative ?? leaf.conversion) !== undefined && lateConditions.some(({ other }) => other)) {
    refuse('unsupported', mixedCondition)
  }
  const late = lateConditions.map((condition) => ({
    condition,
    sql: writeLate(
      condition,
      names(condition.filter, () => laterTime),
      columns,
    ),
  }))
  return {
    query: select({ columns, from: rows.source(), joins: rows.joins(), where }),
    late,
  }
}

const mixedCondition =
  'A condition on a running number or a conversion speaks of metric_time or of the rows, not of both; split it with `and`.'

/** It speaks of a time that the rows do not have yet. */
function isLate({ cumulative, conversion }: Leaf, { filter, after, time }: Condition): boolean {
  const later = cumulative !== undefined || conversion !== undefined
  return time && (after > 0 || (later && filter.level !== 'measure'))
}

const laterTime = column('t', 'later')

/** The condition over columns of the finished rows (alias `r`, added here) and a time that is known later. */
function writeLate(condition: Condition, names: Names, columns: Named[]): Sql {
  const keep = (sql: Sql): Sql => {
    const name = `c${String(columns.length + 1)}`
    columns.push({ name, sql })
    return column(name, 'r')
  }
  return writeTree(condition.tree, {
    name: (tree) => {
      const { sql, time } = names.name(tree)
      return { sql: mentions(sql, laterTime) ? sql : keep(sql), time }
    },
    metric: (tree) => ({ ...names.metric(tree), sql: keep(names.metric(tree).sql) }),
  })
}

const mentions = (sql: Sql, column: Sql): boolean => JSON.stringify(sql).includes(JSON.stringify(column))

/** A late condition, about this time. */
export function placeTime(sql: Sql, time: Sql): Sql {
  const place = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(place)
    if (typeof part !== 'object' || part === null) return part
    if (JSON.stringify(part) === JSON.stringify(laterTime)) return time
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, place(value)]))
  }
  // Replaces expressions by expressions, so the shape stays.
  return place(sql) as Sql
}

function measureColumns({ layer }: Context, model: string, measure: string, rows: RowScope): readonly Named[] {
  const found = layer.models[model]?.measures[measure]
  if (found === undefined) throw new Error(`There is no measure ${measure} of ${model}`)
  const named = [{ name: `${measure} value`, sql: rows.own(`${measure} value`, found.expr ?? measure) }]
  if (found.over_time === undefined) return named
  return [...named, ...overTimeColumns(layer, model, found.over_time, rows)]
}

function overTimeColumns(
  layer: MetricLayer,
  model: string,
  { dimension, per }: NonNullable<Measure['over_time']>,
  rows: RowScope,
): readonly Named[] {
  const declared = layer.models[model]?.dimensions[dimension]
  const grain = declared?.type === 'time' ? declared.grain : 'day'
  return [
    { name: 'o', sql: { kind: 'truncate', of: rows.time(dimension), grain } },
    ...per.map((entity) => ({ name: `per ${entity}`, sql: rows.own(entity, expressionOfItem(layer, model, entity)) })),
  ]
}

/** The expression of a dimension or an entity; its name where it has none. */
function expressionOfItem({ models }: MetricLayer, model: string, item: string): string {
  return models[model]?.entities[item]?.expr ?? models[model]?.dimensions[item]?.expr ?? item
}

/**
 * Rows of the conversion measure, each with the columns of the latest base row that may have led to it. Numbered, since
 * nothing else tells two equal conversions apart.
 */
function convertedRows(context: Context, request: LeafRequest): LeafRows {
  const { leaf, timeName, asking, measures } = request
  const { layer } = context
  const conversion = leaf.conversion
  const [measure = ''] = measures
  const target = modelOfMeasure(layer, measure)
  const targetTime = timeOfMeasure(layer, target, measure)
  if (conversion === undefined || timeName === undefined || targetTime === undefined) {
    return refuse('needs_time', `${measure} and what it follows both need a time dimension.`)
  }
  const base = ownRows(context, request, (rows) => [
    { name: 'e', sql: rows.own(conversion.entity, expressionOfItem(layer, leaf.model, conversion.entity)) },
    ...conversion.same.map(({ base: item }, index) => ({
      name: `same ${String(index)}`,
      sql: rows.own(item, expressionOfItem(layer, leaf.model, item)),
    })),
  ])
  const after = conversionRows(context, { leaf: { ...leaf, model: target }, measure, timeName: targetTime, asking })
  const began: Sql = { kind: 'truncate', of: column('t', 'r'), grain: grainOfTime(layer, leaf.model, timeName) }
  const ended: Sql = { kind: 'truncate', of: column('t', 'v'), grain: grainOfTime(layer, target, targetTime) }
  const on = [
    operation('=', column('e', 'r'), column('e', 'v')),
    operation('<=', began, ended),
    ...conversion.same.map((_, index) =>
      operation('=', column(`same ${String(index)}`, 'r'), column(`same ${String(index)}`, 'v')),
    ),
  ]
  if (conversion.within !== undefined) {
    const { count, unit } = conversion.within
    on.push(operation('>', began, later(ended, -count, standardGrain(unit))))
  }
  const kept = base.query.columns.map(({ name }) => name).filter((name) => name !== 'e' && !name.startsWith('same '))
  const pairs = select({
    columns: [
      ...kept.map((name) => ({ name, sql: column(name, 'r') })),
      { name: `${measure} value`, sql: column(`${measure} value`, 'v') },
      {
        name: 'nearest',
        sql: {
          kind: 'window',
          name: 'row_number',
          of: undefined,
          partition: [column('id', 'v')],
          order: [
            { by: began, descending: true },
            ...kept.filter((name) => name !== 't').map((name) => ({ by: column(name, 'r'), descending: false })),
          ],
        },
      },
    ],
    from: fromQuery('r', base.query),
    joins: [{ ...fromQuery('v', after), join: 'inner', on }],
  })
  const query = select({
    columns: [...kept, `${measure} value`].map((name) => ({ name, sql: column(name, 'p') })),
    from: fromQuery('p', pairs),
    where: [operation('=', column('nearest', 'p'), { kind: 'literal', value: 1 })],
  })
  return { query, late: base.late }
}

function conversionRows(
  context: Context,
  {
    leaf,
    measure,
    timeName,
    asking,
  }: { readonly leaf: Leaf; readonly measure: string; readonly timeName: string; readonly asking: Asking },
): Select {
  const { layer } = context
  const conversion = leaf.conversion
  const request: LeafRequest = {
    leaf: { ...leaf, conversion: undefined, shifts: [] },
    measures: [measure],
    others: [],
    timeName,
    asking,
  }
  const numbered: Sql = { kind: 'window', name: 'row_number', of: undefined, partition: [], order: [] }
  return ownRows(context, request, (rows) => [
    ...measureColumns(context, leaf.model, measure, rows),
    {
      name: 'e',
      sql: rows.own(conversion?.entity ?? '', expressionOfItem(layer, leaf.model, conversion?.entity ?? '')),
    },
    ...(conversion?.same ?? []).map(({ conversion: item }, index) => ({
      name: `same ${String(index)}`,
      sql: rows.own(item, expressionOfItem(layer, leaf.model, item)),
    })),
    { name: 'id', sql: numbered },
  ]).query
}

function grainOfTime({ models }: MetricLayer, model: string, time: string): StandardGrain {
  const dimension = models[model]?.dimensions[time]
  return dimension?.type === 'time' ? dimension.grain : 'day'
}
