import type { Item } from '../item.ts'
import type { MeasureInput } from '../layer-input.ts'
import { flag, list, number, refuse, scalar, sql, word } from '../read-item.ts'
import type { Context } from './context.ts'
import { convertReference } from './convert-name.ts'

const aggregations: ReadonlyMap<string, MeasureInput['agg']> = new Map([
  ['sum', 'sum'],
  ['min', 'min'],
  ['max', 'max'],
  ['average', 'avg'],
  ['avg', 'avg'],
  ['count', 'count'],
  ['count_distinct', 'count_distinct'],
  ['sum_boolean', 'sum_boolean'],
  ['median', 'median'],
  ['percentile', 'percentile'],
])

/** What is aggregated, whichever form says it: a measure, `metric_aggregation_params`, or a simple metric itself. */
export function convertMeasure(
  item: Item,
  name: string,
  context: Context,
  { expr = sql(item, 'expr'), time }: { expr?: string | undefined; time?: string | undefined } = {},
): MeasureInput {
  const said = word(item, 'agg') ?? refuse(item, 'agg is missing')
  const agg = aggregations.get(said) ?? refuse(item, `agg ${said} is none of ${[...aggregations.keys()].join(', ')}`)
  const own = convertReference(item, 'agg_time_dimension')
  return {
    agg,
    ...(expr === undefined || expr === name ? {} : { expr }),
    ...convertPercentile(item, agg, context),
    ...(own === undefined || own === time ? {} : { time: own }),
    ...convertOverTime(item.get('non_additive_dimension')),
  }
}

function convertPercentile(item: Item, agg: MeasureInput['agg'], { draft }: Context): Pick<MeasureInput, 'percentile'> {
  const params = item.get('agg_params') ?? item
  const at = number(params, 'percentile')
  const kind = word(item, 'percentile_type')
  const discrete = flag(params, 'use_discrete_percentile') || kind === 'discrete'
  const approximate = flag(params, 'use_approximate_percentile')
  if (agg === 'median' && (discrete || (at ?? 0.5) !== 0.5)) refuse(params, 'a median is the continuous percentile 0.5')
  if (agg !== 'percentile') {
    if (approximate) draft.note(params.place, 'use_approximate_percentile: left out; the exact value is computed')
    return {}
  }
  if (at === undefined) refuse(item, 'agg: percentile needs a percentile')
  if (at <= 0 || at >= 1) refuse(params, `percentile ${String(at)} has to be between 0 and 1, such as 0.95`)
  return { percentile: { at, ...(discrete ? { discrete } : {}), ...(approximate ? { approximate } : {}) } }
}

function convertOverTime(item: Item | undefined): Pick<MeasureInput, 'over_time'> {
  if (item === undefined) return {}
  const dimension = convertReference(item, 'name') ?? refuse(item, 'name is missing')
  const choose = word(item, 'window_choice') ?? word(item, 'window_agg') ?? 'min'
  if (choose !== 'min' && choose !== 'max') refuse(item, 'window_choice has to be min or max')
  const groups = item.get('window_groupings') === undefined ? 'group_by' : 'window_groupings'
  const per = list(item, groups).map((one) => scalar(one, groups).toLowerCase())
  return { over_time: { dimension, choose, ...(per.length === 0 ? {} : { per }) } }
}
