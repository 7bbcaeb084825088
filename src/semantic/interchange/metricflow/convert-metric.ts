import { ConditionError } from '../../condition/condition-error.ts'
import { parseArithmetic } from '../../condition/parse-condition.ts'
import { namesIn } from '../../condition/visit-tree.ts'
import { isMap, type Item } from '../item.ts'
import type { MetricInput, MetricUse } from '../layer-input.ts'
import { checkName, flag, refuse, required, scalar, text } from '../read-item.ts'
import type { Context, MetricSource } from './context.ts'
import { convertConversion } from './convert-conversion.ts'
import { convertCumulative } from './convert-cumulative.ts'
import { convertDescribed, convertOwner, isEnabled } from './convert-described.ts'
import { convertFilter } from './convert-filter.ts'
import { convertGrain, convertWindow } from './convert-window.ts'
import { measureOf, metricType } from './measure-use.ts'

/** A metric of any type, in the older form (`type_params`) or the newer. */
export function convertMetric(source: MetricSource, context: Context): void {
  const { item, name, params } = source
  if (!isEnabled(item, `metric ${name}`, context)) return
  context.draft.attempt('metrics', name, item, () => {
    checkName(name, item.get('name') ?? item)
    // What it measures is written out for other readers of the manifest.
    params.ignore('input_measures')
    item.ignore('metadata')
    if (flag(params, 'is_private') || flag(item, 'hidden')) {
      context.draft.note(item.place, `metric ${name}: was hidden; everybody sees it here`)
    }
    const grain = convertGrain(item.get('time_granularity'))
    const filter = convertFilter(item.get('filter'))
    const metric: MetricInput = {
      ...convertKind(source, context),
      ...convertDescribed(item, name, context),
      ...convertOwner(item),
      ...(filter === undefined ? {} : { filter }),
      ...(grain === undefined ? {} : { grain }),
    }
    context.draft.add('metrics', name, metric, item)
  })
}

function convertKind(source: MetricSource, context: Context): MetricInput {
  const type = metricType(source.item)
  const { params, item } = source
  if (type === 'simple') {
    const measure = measureOf(source, context)
    // Of a metric that names a measure it is the measure's own expression again.
    params.ignore('expr')
    return { type, measure }
  }
  if (type === 'cumulative') return convertCumulative(source, context)
  if (type === 'conversion') return convertConversion(params, context)
  if (type === 'ratio') {
    const part = (key: string): MetricUse => convertInput(params.get(key) ?? refuse(item, `${key} is missing`), context)
    return { type, numerator: part('numerator'), denominator: part('denominator') }
  }
  if (type === 'derived') return convertDerived(params, context)
  return refuse(item.get('type') ?? item, `there is no type ${type}`)
}

function convertDerived(params: Item, context: Context): MetricInput {
  const key = params.get('metrics') === undefined ? 'input_metrics' : 'metrics'
  const given = params.get(key)?.items() ?? []
  if (given.length === 0) refuse(params, `${key} names no metric`)
  const inputs = given.map((one) => convertInput(one, context))
  const expr = required(params, 'expr')
  const known = new Set(inputs.map((input) => (typeof input === 'string' ? input : (input.alias ?? input.name))))
  checkArithmetic(params.get('expr') ?? params, expr, known)
  return { type: 'derived', expr, inputs }
}

function checkArithmetic(item: Item, expr: string, known: ReadonlySet<string>): void {
  try {
    const unknown = namesIn(parseArithmetic(expr)).find(({ name }) => !known.has(name))
    if (unknown !== undefined) refuse(item, `expr names ${unknown.name}, which is none of its metrics`)
  } catch (thrown) {
    if (!(thrown instanceof ConditionError)) throw thrown
    refuse(item, `expr cannot be read: ${thrown.message} (character ${String(thrown.at + 1)})`)
  }
}

/** A metric as another uses it. Offsets move each day to its own, as MetricFlow does. */
function convertInput(item: Item, { customGrains }: Context): MetricUse {
  if (!isMap(item.value)) return scalar(item)
  const alias = text(item, 'alias')
  const filter = convertFilter(item.get('filter'))
  const offset = convertWindow(item.get('offset_window'), customGrains)
  const offset_to = convertGrain(item.get('offset_to_grain'))
  const name = required(item, 'name')
  const more = {
    ...(alias === undefined ? {} : { alias: checkName(alias, item.get('alias') ?? item) }),
    ...(filter === undefined ? {} : { filter }),
    ...(offset === undefined ? {} : { offset, align: 'day' as const }),
    ...(offset_to === undefined ? {} : { offset_to }),
  }
  return Object.keys(more).length === 0 ? name : { name, ...more }
}

/** The metrics of a layer that `maps` of a list give, by name. */
export function metricSource(item: Item, model?: string): MetricSource {
  return { name: text(item, 'name') ?? 'without a name', item, params: item.get('type_params') ?? item, model }
}
