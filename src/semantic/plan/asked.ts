import type { MetricLayer } from '../../../schemas/metrics.ts'
import { answerName, type Cut, type Resolved } from '../names/resolve-name.ts'
import type { Leaf } from './expand-metric.ts'

/** A column that the answer is grouped by. */
export interface Asked {
  /** Of the answer's column. */
  readonly name: string
  readonly resolved: Resolved
  /** Always there for times. */
  readonly cut: Cut | undefined
}

export function askedOf(resolved: Resolved, cut: Cut | undefined): Asked {
  return { name: answerName({ ...resolved, cut }), resolved, cut }
}

/** The time dimension that a leaf's metric_time is; undefined: it has none. */
export function timeOfLeaf(layer: MetricLayer, { measure, model, conversion }: Leaf): string | undefined {
  return timeOfMeasure(layer, model, conversion?.base ?? measure)
}

export function timeOfMeasure(layer: MetricLayer, model: string, measure: string): string | undefined {
  const found = layer.models[model]
  return found?.measures[measure]?.time ?? found?.time
}

/** Whether a name is the leaf's metric_time: as such, or by the model's own name of that dimension. */
export function isMetricTime(layer: MetricLayer, leaf: Leaf, { columns }: Resolved): boolean {
  if (columns === undefined) return true
  const own = columns.get(leaf.model)
  return own !== undefined && own.kind === 'time' && own.reach.hops.length === 0 && own.item === timeOfLeaf(layer, leaf)
}
