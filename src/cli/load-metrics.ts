import type { MetricLayer } from '../../schemas/metrics.ts'
import { configInvalid } from '../config/problem.ts'
import { readMetrics } from '../config/read-metrics.ts'
import type { Config } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import { isEngine } from '../semantic/engines/index.ts'
import { findCheckFaults } from '../semantic/checks/find-check-faults.ts'
import { findExpressionFaults } from '../semantic/find-expression-faults.ts'
import { findFaults, type Fault } from '../semantic/find-faults.ts'

/** The metrics that `metrics:` names, checked. METRICS_NONE where it names none, CONFIG_INVALID with every fault. */
export async function loadMetrics(config: Config, cwd = process.cwd()): Promise<MetricLayer> {
  if (config.metrics === undefined) throw new AquiferError('METRICS_NONE', 'aquifer.yaml names no folder of metrics.')
  const { layer: written, document } = await readMetrics(config.metrics, cwd)
  const { layer, faults } = checkMetrics(written, metricConnections(config))
  if (faults.length > 0)
    throw configInvalid(
      document,
      faults.map((fault) => ({ ...fault, at: 'value' as const })),
    )
  return layer
}

/** Names of the connections that metrics can be computed in. */
export function metricConnections(config: Config): readonly string[] {
  return Object.values(config.connections)
    .filter(({ type }) => isEngine(type))
    .map(({ name }) => name)
}

/** The layer as it is used, and everything for which it would be refused. */
export function checkMetrics(
  written: MetricLayer,
  connections: readonly string[],
): { readonly layer: MetricLayer; readonly faults: readonly Fault[] } {
  const layer = placeOnConnection(written, connections)
  // Each of these takes for granted what those before it check.
  const found = [() => findFaults(layer, connections), () => findExpressionFaults(layer), () => findCheckFaults(layer)]
  for (const find of found) {
    const faults = find()
    if (faults.length > 0) return { layer, faults }
  }
  return { layer, faults: [] }
}

/** Models and calendars that name no connection are on the only one; with several, they have to. */
function placeOnConnection(layer: MetricLayer, connections: readonly string[]): MetricLayer {
  const [only, more] = connections
  if (only === undefined || more !== undefined) return layer
  const placed = <T extends { connection?: string | undefined }>(items: Record<string, T>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(items).map(([name, item]) => [name, { ...item, connection: item.connection ?? only }]),
    )
  return { ...layer, models: placed(layer.models), calendars: placed(layer.calendars) }
}
