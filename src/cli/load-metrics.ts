import type { MetricLayer } from '../../schemas/metrics.ts'
import { configInvalid } from '../config/problem.ts'
import { readMetrics } from '../config/read-metrics.ts'
import type { Config } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import { findFaults } from '../semantic/find-faults.ts'

/** The metrics that `metrics:` names, checked. METRICS_NONE where it names none, CONFIG_INVALID with every fault. */
export async function loadMetrics(config: Config, cwd = process.cwd()): Promise<MetricLayer> {
  if (config.metrics === undefined) throw new AquiferError('METRICS_NONE', 'aquifer.yaml names no folder of metrics.')
  const { layer, document } = await readMetrics(config.metrics, cwd)
  const faults = findFaults(layer, Object.keys(config.connections))
  if (faults.length > 0)
    throw configInvalid(
      document,
      faults.map((fault) => ({ ...fault, at: 'value' as const })),
    )
  return layer
}
