import type { MetricLayer } from '../../../schemas/metrics.ts'
import { AquiferError } from '../../core/errors.ts'
import { hint } from '../../core/nearest.ts'
import type { Access } from './access.ts'
import { expandMetric, leavesOf } from './expand-metric.ts'
import { seesLeaf } from './sees-leaf.ts'

/** Whether the caller may see everything that a metric is made of. */
export function isVisible(layer: MetricLayer, name: string, access: Access): boolean {
  return leavesOf(expandMetric(layer, name, { filters: [], shifts: [] })).every((leaf) => seesLeaf(leaf, access))
}

/** METRIC_UNKNOWN also for a metric that the caller may not see. */
export function requireMetric(layer: MetricLayer, name: string, access: Access): void {
  if (Object.hasOwn(layer.metrics, name) && isVisible(layer, name, access)) return
  const known = Object.keys(layer.metrics).filter((one) => isVisible(layer, one, access))
  throw new AquiferError('METRIC_UNKNOWN', `There is no metric ${name}${hint(name, known)}`)
}
