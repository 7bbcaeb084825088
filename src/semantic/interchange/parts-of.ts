import { ConditionError } from '../condition/condition-error.ts'
import { parseCondition } from '../condition/parse-condition.ts'
import { nodesIn } from '../condition/visit-tree.ts'
import type { PartKind } from './draft.ts'
import type { MeasureUse, MetricInput, MetricUse, QueryInput } from './layer-input.ts'

export interface Part {
  readonly kind: PartKind
  readonly name: string
}

/** The measures and metrics that a metric is made of, those of its conditions too. */
export function partsOfMetric(metric: MetricInput): readonly Part[] {
  const own = partsOfCondition(metric.filter)
  if (metric.type === 'simple' || metric.type === 'cumulative')
    return [...own, ...partsOfUse('measures', metric.measure)]
  if (metric.type === 'conversion') {
    return [...own, ...partsOfUse('measures', metric.base), ...partsOfUse('measures', metric.conversion)]
  }
  const inputs = metric.type === 'ratio' ? [metric.numerator, metric.denominator] : metric.inputs
  return [...own, ...inputs.flatMap((input) => partsOfUse('metrics', input))]
}

export function partsOfQuery({ metrics = [], where }: QueryInput): readonly Part[] {
  return [...metrics.map((name): Part => ({ kind: 'metrics', name })), ...partsOfCondition(where)]
}

function partsOfUse(kind: 'measures' | 'metrics', use: MeasureUse | MetricUse): readonly Part[] {
  return typeof use === 'string' ? [{ kind, name: use }] : [{ kind, name: use.name }, ...partsOfCondition(use.filter)]
}

/** The metrics that a condition compares; none where it is not one. */
function partsOfCondition(condition: string | undefined): readonly Part[] {
  if (condition === undefined) return []
  try {
    return [...nodesIn(parseCondition(condition))].flatMap((node): readonly Part[] =>
      node.kind === 'metric' ? [{ kind: 'metrics', name: node.name }] : [],
    )
  } catch (thrown) {
    if (thrown instanceof ConditionError) return []
    throw thrown
  }
}
