import type { MeasureUse, MetricInput } from '../layer-input.ts'
import { flag, number, refuse, word } from '../read-item.ts'
import type { Context, MetricSource } from './context.ts'
import { convertGrain, convertWindow } from './convert-window.ts'
import { measureFrom, measureOf, short } from './measure-use.ts'

export function convertCumulative(source: MetricSource, context: Context): MetricInput {
  const { params } = source
  const own = params.get('cumulative_type_params') ?? params
  const window = convertWindow(own.get('window') ?? params.get('window'), context.customGrains)
  const to_date = convertGrain(own.get('grain_to_date') ?? params.get('grain_to_date'))
  // Both places of both forms may say the same.
  if (own !== params) params.ignore('window', 'grain_to_date')
  const coarser = word(own, 'period_agg') ?? 'first'
  if (coarser !== 'first' && coarser !== 'last' && coarser !== 'average') {
    refuse(own.get('period_agg') ?? own, 'period_agg has to be first, last or average')
  }
  if (window !== undefined && to_date !== undefined) refuse(own, 'window and grain_to_date do not go together')
  return {
    type: 'cumulative',
    measure: accumulated(source, context),
    ...(window === undefined ? {} : { window }),
    ...(to_date === undefined ? {} : { to_date }),
    ...(coarser === 'first' ? {} : { at_coarser: coarser }),
  }
}

function accumulated(source: MetricSource, context: Context): MeasureUse {
  const { params } = source
  const own = params.get('cumulative_type_params')
  const metric = params.get('input_metric') ?? own?.get('metric')
  if (metric === undefined || params.get('measure') !== undefined) {
    metric?.ignoreAll()
    return measureOf(source, context)
  }
  const use = measureFrom(metric, context, 'metric')
  const named = typeof use === 'string' ? { name: use } : use
  return short({
    ...named,
    fill: number(params, 'fill_nulls_with') ?? named.fill,
    every_period: flag(params, 'join_to_timespine') || named.every_period,
  })
}
