import { parseArithmetic } from '../../condition/parse-condition.ts'
import { ConditionError } from '../../condition/condition-error.ts'
import type { Tree } from '../../condition/tree.ts'
import type { Metric, MetricInput, MetricLayer } from '../../../../schemas/metrics.ts'
import { measureField } from './export-dataset.ts'

/** A metric of metrics of metrics can be written out to any length. */
const maxLength = 20_000

/**
 * A metric as one expression of ANSI SQL over datasets; undefined where that would be another number: OSI knows no
 * filters, windows, offsets and the like.
 */
export function metricSql(metric: Metric, layer: MetricLayer): string | undefined {
  if (metric.filter !== undefined) return undefined
  if (metric.type === 'simple')
    return typeof metric.measure === 'string' ? measureSql(metric.measure, layer) : undefined
  if (metric.type === 'ratio') {
    const [numerator, denominator] = [metric.numerator, metric.denominator].map((input) => inputSql(input, layer))
    return numerator === undefined || denominator === undefined ? undefined : divide(numerator, denominator)
  }
  if (metric.type !== 'derived') return undefined
  const inputs = new Map<string, string>()
  for (const input of metric.inputs) {
    const sql = inputSql(input, layer)
    if (sql === undefined) return undefined
    inputs.set(typeof input === 'string' ? input : (input.alias ?? input.name), sql)
  }
  return arithmeticSql(metric.expr, inputs)
}

function inputSql(input: MetricInput, layer: MetricLayer): string | undefined {
  const isPlain =
    typeof input === 'string' ||
    (input.filter === undefined && input.offset === undefined && input.offset_to === undefined)
  const metric = isPlain ? layer.metrics[typeof input === 'string' ? input : input.name] : undefined
  const sql = metric && metricSql(metric, layer)
  if (sql !== undefined && sql.length > maxLength) return undefined
  return sql === undefined || metric?.type === 'simple' ? sql : `(${sql})`
}

function measureSql(name: string, { models }: MetricLayer): string | undefined {
  const [owner, model] = Object.entries(models).find(([, one]) => Object.hasOwn(one.measures, name)) ?? []
  const measure = model?.measures[name]
  if (owner === undefined || model === undefined || measure === undefined || measure.over_time !== undefined) {
    return undefined
  }
  const of = `${owner}.${measureField(name, model)}`
  const percentile = (at: number, discrete: boolean): string =>
    `PERCENTILE_${discrete ? 'DISC' : 'CONT'}(${String(at)}) WITHIN GROUP (ORDER BY ${of})`
  switch (measure.agg) {
    case 'count_distinct':
      return `COUNT(DISTINCT ${of})`
    case 'sum_boolean':
      return `SUM(CASE WHEN ${of} THEN 1 ELSE 0 END)`
    case 'median':
      return percentile(0.5, false)
    case 'percentile':
      return percentile(measure.percentile?.at ?? 0.5, measure.percentile?.discrete ?? false)
    case 'sum':
    case 'min':
    case 'max':
    case 'avg':
    case 'count':
    default:
      return `${measure.agg.toUpperCase()}(${of})`
  }
}

/** Real, and null by zero. */
const divide = (left: string, right: string): string => `CAST(${left} AS DOUBLE PRECISION) / NULLIF(${right}, 0)`

function arithmeticSql(expr: string, inputs: ReadonlyMap<string, string>): string | undefined {
  try {
    return treeSql(parseArithmetic(expr), inputs)
  } catch (thrown) {
    if (thrown instanceof ConditionError) return undefined
    throw thrown
  }
}

const calls = ['abs', 'coalesce', 'floor', 'greatest', 'least', 'nullif', 'round']

function treeSql(tree: Tree, inputs: ReadonlyMap<string, string>): string | undefined {
  if (tree.kind === 'value') return typeof tree.value === 'number' ? String(tree.value) : undefined
  if (tree.kind === 'name') return inputs.get(tree.name)
  if (tree.kind === 'negative') {
    const of = treeSql(tree.of, inputs)
    return of === undefined ? undefined : `(-${of})`
  }
  if (tree.kind === 'call') {
    const args = tree.args.map((one) => treeSql(one, inputs))
    const isSaid = calls.includes(tree.name) && args.every((one) => one !== undefined)
    return isSaid ? `${tree.name.toUpperCase()}(${args.join(', ')})` : undefined
  }
  if (tree.kind !== 'operation' || !['+', '-', '*', '/'].includes(tree.operator)) return undefined
  const left = treeSql(tree.left, inputs)
  const right = treeSql(tree.right, inputs)
  if (left === undefined || right === undefined) return undefined
  return `(${tree.operator === '/' ? divide(left, right) : `${left} ${tree.operator} ${right}`})`
}
