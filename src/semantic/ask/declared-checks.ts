import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { CheckOutcome } from '../../../schemas/numbers.ts'
import { inputsOf, nameOf } from '../find-faults.ts'

/** The checks that guard metrics and what they are made of, as they stand before any was run. */
export function declaredChecks(layer: MetricLayer, metrics: readonly string[]): readonly CheckOutcome[] {
  const guarded = new Set<string>()
  const visit = (name: string): void => {
    const metric = layer.metrics[name]
    if (metric === undefined || guarded.has(name)) return
    guarded.add(name)
    for (const input of inputsOf(metric)) visit(nameOf(input))
  }
  for (const name of metrics) visit(name)
  return [...guarded].flatMap((metric) =>
    Object.keys(layer.metrics[metric]?.checks ?? {}).map((name) => ({
      metric,
      name,
      status: 'never' as const,
      at: null,
      message: null,
    })),
  )
}
