import type { MetricLayer } from '../../../schemas/metrics.ts'
import { nodesIn } from '../condition/visit-tree.ts'
import { timeOfLeaf } from '../plan/asked.ts'
import { expandMetric, leavesOf, modelOfMeasure, type Leaf, type Value } from '../plan/expand-metric.ts'

/** What metrics are computed of, the question's own condition aside. */
export interface Facts {
  readonly values: ReadonlyMap<string, Value>
  readonly leaves: readonly Leaf[]
  /** One a fact: metrics with the same keys have the same groups. */
  readonly keys: ReadonlySet<string>
  /** Each row counts for its own time and its own groups, and for nothing else. */
  readonly plain: boolean
  /** Something is chosen among the rows of a period before it is added up. */
  readonly chosen: boolean
}

export function factsOf(layer: MetricLayer, metrics: readonly string[]): Facts {
  const values = new Map(metrics.map((name) => [name, expandMetric(layer, name, { filters: [], shifts: [] })] as const))
  const leaves = [...values.values()].flatMap(leavesOf)
  return {
    values,
    leaves,
    keys: new Set(leaves.map((leaf) => keyOf(layer, leaf))),
    plain: leaves.every(isPlain),
    chosen: leaves.some((leaf) => overTimeOf(layer, leaf) !== undefined),
  }
}

/** As facts are told apart where statements are built. */
function keyOf(layer: MetricLayer, leaf: Leaf): string {
  const { measure, fill: _fill, ...rest } = leaf
  const apart = leaf.conversion === undefined ? '' : measure
  return JSON.stringify([rest, apart, timeOfLeaf(layer, leaf) ?? null, overTimeOf(layer, leaf) ?? null])
}

const overTimeOf = (layer: MetricLayer, { measure }: Leaf) =>
  layer.models[modelOfMeasure(layer, measure)]?.measures[measure]?.over_time

function isPlain({ shifts, cumulative, conversion, everyPeriod, filters }: Leaf): boolean {
  const moved = shifts.length > 0 || cumulative !== undefined || conversion !== undefined || everyPeriod
  return !moved && !filters.some(({ tree }) => nodesIn(tree).some(({ kind }) => kind === 'metric'))
}

/** How a metric's values of periods become that of all of them; undefined where they do not. */
export function additionOf(
  layer: MetricLayer,
  value: Value | undefined,
): { readonly counts: boolean; readonly fill: number | undefined } | undefined {
  if (value?.kind !== 'leaf' || !isPlain(value.leaf)) return undefined
  const { measure, fill } = value.leaf
  const { agg, over_time: overTime } = layer.models[modelOfMeasure(layer, measure)]?.measures[measure] ?? {}
  if (overTime !== undefined || (fill !== undefined && fill !== 0)) return undefined
  if (agg === 'sum') return { counts: false, fill }
  return agg === 'count' || agg === 'sum_boolean' ? { counts: true, fill } : undefined
}
