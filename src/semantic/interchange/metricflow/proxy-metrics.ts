import type { Item } from '../item.ts'
import type { MetricInput } from '../layer-input.ts'
import { checkName, flag, maps, text } from '../read-item.ts'
import type { Context } from './context.ts'
import { convertDescribed } from './convert-described.ts'

/** The simple metrics of measures with `create_metric`, unless one of the name stands there already. */
export function proxyMetrics(models: readonly Item[], context: Context): void {
  const { draft } = context
  for (const measure of models.flatMap((model) => maps(model, 'measures'))) {
    if (!flag(measure, 'create_metric')) continue
    const name = text(measure, 'name')?.toLowerCase() ?? ''
    const label = text(measure, 'create_metric_display_name')
    if (!draft.modelOf.has(name) || context.metrics.has(name)) continue
    draft.attempt('metrics', name, measure, () => {
      const metric: MetricInput = {
        type: 'simple',
        measure: name,
        ...convertDescribed(measure, name, context),
        ...(label === undefined || label === name ? {} : { label }),
      }
      draft.add('metrics', checkName(name, measure.get('name') ?? measure), metric, measure)
    })
  }
}
