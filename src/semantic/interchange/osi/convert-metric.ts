import type { Item } from '../item.ts'
import type { MeasureInput, MetricInput } from '../layer-input.ts'
import { refuse, RefusedError, text, toName } from '../read-item.ts'
import type { OsiContext } from './context.ts'
import { convertName, convertWords } from './convert-words.ts'
import { leavesOf, unwrap, type MetricSql } from './metric-sql.ts'
import { MetricSqlError, parseMetricSql } from './parse-metric-sql.ts'
import { readExpression } from './read-expression.ts'
import { resolveColumns } from './resolve-columns.ts'
import { isPlain } from './sql-tokens.ts'
import { writeArithmetic } from './write-arithmetic.ts'

/** A metric by its SQL: a simple one, a ratio of two, or arithmetic over simple ones that are added for it. */
export function convertMetric(item: Item, context: OsiContext): void {
  const { draft } = context
  draft.attempt('metrics', text(item, 'name')?.toLowerCase() ?? 'without a name', item, () => {
    item.ignore('datatype')
    const name = convertName(item, draft)
    const sql = parse(item, new Set([...context.metrics].filter((one) => one !== name)))
    const words = convertWords(item)
    if (sql.kind === 'aggregate') {
      draft.add('metrics', name, { type: 'simple', measure: addMeasure(sql, name, item, context), ...words }, item)
      return
    }
    const parts = new Map<MetricSql, string>()
    for (const leaf of leavesOf(sql)) {
      if (!parts.has(leaf)) parts.set(leaf, leaf.kind === 'metric' ? leaf.name : partFor(leaf, name, item, context))
    }
    const metric: MetricInput = { ...toMetric(sql, parts, item), ...words }
    noteDatasets(sql, name, item, context)
    draft.add('metrics', name, metric, item)
  })
}

/** Whether it is one aggregate and nothing more. */
export function isAggregate(item: Item, { metrics }: OsiContext): boolean {
  try {
    return parseMetricSql(readExpression(item), metrics).kind === 'aggregate'
  } catch (thrown) {
    if (thrown instanceof MetricSqlError || thrown instanceof RefusedError) return false
    throw thrown
  }
}

function parse(item: Item, metrics: ReadonlySet<string>): MetricSql {
  try {
    return parseMetricSql(readExpression(item), metrics)
  } catch (thrown) {
    if (!(thrown instanceof MetricSqlError)) throw thrown
    return refuse(item.get('expression') ?? item, thrown.message)
  }
}

function toMetric(sql: MetricSql, parts: ReadonlyMap<MetricSql, string>, item: Item): MetricInput {
  if (sql.kind === 'operation' && sql.operator === '/') {
    const numerator = parts.get(sql.left)
    const denominator = parts.get(unwrap(sql.right))
    if (numerator !== undefined && denominator !== undefined) return { type: 'ratio', numerator, denominator }
  }
  const inputs = [...new Set(parts.values())]
  if (inputs.length === 0) refuse(item.get('expression') ?? item, 'aggregates nothing')
  return { type: 'derived', expr: writeArithmetic(sql, parts), inputs }
}

type Aggregated = Extract<MetricSql, { kind: 'aggregate' }>

/** The simple metric that a part of another is; one for each aggregate. */
function partFor(sql: Aggregated, name: string, item: Item, context: OsiContext): string {
  const { draft } = context
  const { model, measure } = measureOf(sql, item, context)
  const same = Object.entries(draft.layer.metrics).find(([, one]) => {
    const used = one.type === 'simple' && typeof one.measure === 'string' && one.filter === undefined ? one.measure : ''
    return JSON.stringify(draft.layer.models[model]?.measures?.[used]) === JSON.stringify(measure)
  })
  if (same !== undefined) return same[0]
  const column = isPlain(String(measure.expr)) ? `${measure.agg}_${model}_${String(measure.expr)}` : `${name}_part`
  const taken = (one: string): boolean =>
    context.metrics.has(one) || draft.places.has(`metrics.${one}`) || draft.modelOf.has(one)
  let given = toName(column.slice(0, 59))
  for (let count = 2; taken(given); count += 1) given = `${toName(column.slice(0, 59))}_${String(count)}`
  const part: MetricInput = {
    type: 'simple',
    measure: addMeasure(sql, given, item, context),
    description: `Part of ${name}`,
  }
  draft.add('metrics', given, part, item)
  return given
}

function addMeasure(sql: Aggregated, name: string, item: Item, context: OsiContext): string {
  const { draft } = context
  const { model, measure } = measureOf(sql, item, context)
  const target = draft.layer.models[model] ?? refuse(item, `its dataset ${model} was not carried over`)
  if (draft.modelOf.has(name)) refuse(item, `${name} stands twice`)
  target.measures = { ...target.measures, [name]: measure }
  draft.modelOf.set(name, model)
  draft.places.set(`models.${model}.measures.${name}`, item.place)
  return name
}

function measureOf(
  { aggregate, of, percentile }: Aggregated,
  item: Item,
  { datasets }: OsiContext,
): { readonly model: string; readonly measure: MeasureInput } {
  const isRows = of.length === 1 && of[0]?.text === '*'
  const resolved = resolveColumns(of, datasets)
  if (typeof resolved === 'string') return refuse(item.get('expression') ?? item, resolved)
  const measure: MeasureInput = {
    agg: aggregate,
    expr: isRows ? '1' : resolved.expr,
    ...(percentile === undefined
      ? {}
      : { percentile: { at: percentile.at, ...(percentile.discrete ? { discrete: true } : {}) } }),
  }
  return { model: resolved.dataset.name, measure }
}

function noteDatasets(sql: MetricSql, name: string, item: Item, context: OsiContext): void {
  const names = leavesOf(sql).flatMap((leaf) =>
    leaf.kind === 'aggregate' ? [measureOf(leaf, item, context).model] : [],
  )
  const distinct = [...new Set(names)]
  if (distinct.length < 2) return
  const note = `metric ${name}: each part is aggregated over its own dataset (${distinct.join(', ')}), none is joined first`
  context.draft.note(item.place, note)
}
