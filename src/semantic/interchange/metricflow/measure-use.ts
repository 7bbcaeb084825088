import type { Item } from '../item.ts'
import { isMap } from '../item.ts'
import type { MeasureUse } from '../layer-input.ts'
import { flag, number, refuse, required, scalar, sql, text, word } from '../read-item.ts'
import type { Context, MetricSource } from './context.ts'
import { allOf, convertFilter } from './convert-filter.ts'
import { convertMeasure } from './convert-measure.ts'

interface Use {
  readonly name: string
  readonly filter?: string | undefined
  readonly fill?: number | undefined
  readonly every_period?: boolean | undefined
}

/** The measure of a simple metric as it is used: named by it, or written into it. */
export function measureOf(source: MetricSource, context: Context): MeasureUse {
  return short(useOf(source, context))
}

/** A measure, or in the newer form a simple metric, that another metric accumulates or converts. */
export function measureFrom(item: Item, context: Context, is: 'measure' | 'metric'): MeasureUse {
  if (is === 'measure') return short(readUse(item))
  const name = isMap(item.value) ? required(item, 'name') : scalar(item)
  const source = context.metrics.get(name) ?? refuse(item, `there is no metric ${name}`)
  if (metricType(source.item) !== 'simple') refuse(item, `${name} is not a simple metric; only one can be used here`)
  for (const key of ['offset_window', 'offset_to_grain']) {
    const offset = isMap(item.value) ? item.get(key) : undefined
    if (offset !== undefined) refuse(offset, `${key} has no meaning here`)
  }
  const use = useOf(source, context)
  const filter = allOf([
    use.filter,
    convertFilter(source.item.get('filter')),
    isMap(item.value) ? convertFilter(item.get('filter')) : undefined,
  ])
  return short({ ...use, filter })
}

export const metricType = (item: Item): string => word(item, 'type') ?? 'simple'

export const short = ({ name, filter, fill, every_period }: Use): MeasureUse =>
  filter === undefined && fill === undefined && every_period !== true
    ? name
    : {
        name,
        ...(filter === undefined ? {} : { filter }),
        ...(fill === undefined ? {} : { fill }),
        ...(every_period === true ? { every_period } : {}),
      }

function useOf({ name, item, params, model }: MetricSource, context: Context): Use {
  const measure = params.get('measure')
  const settings = settingsOf(params)
  // A manifest that dbt transformed names a measure that only the metric describes.
  const described = params.get('metric_aggregation_params') ?? (item.get('agg') === undefined ? undefined : item)
  if (measure !== undefined) {
    const use = readUse(measure)
    if (described === undefined || context.draft.modelOf.has(use.name)) {
      if (described !== item) described?.ignoreAll()
      return { ...use, fill: use.fill ?? settings.fill, every_period: use.every_period || settings.every_period }
    }
  }
  if (described === undefined) refuse(item, 'says neither a measure nor what it aggregates')
  return { name: writtenMeasure({ name, item, params, model }, described, context), ...settings }
}

function readUse(item: Item): Use {
  if (!isMap(item.value)) return { name: scalar(item).toLowerCase() }
  return { name: required(item, 'name').toLowerCase(), filter: convertFilter(item.get('filter')), ...settingsOf(item) }
}

function settingsOf(item: Item): Pick<Use, 'fill' | 'every_period'> {
  return { fill: number(item, 'fill_nulls_with'), every_period: flag(item, 'join_to_timespine') }
}

/** Adds the measure that a simple metric describes to its model, and answers what it is called there. */
function writtenMeasure({ name, params, model }: MetricSource, described: Item, { ...context }: Context): string {
  const { draft } = context
  const owner = (text(described, 'semantic_model') ?? model)?.toLowerCase()
  if (owner === undefined) refuse(described, 'a simple metric has to stand under the model that it aggregates')
  const target = draft.layer.models[owner]
  if (target === undefined) refuse(described, `its model ${owner} was not carried over`)
  const measure = convertMeasure(described, name, context, {
    expr: sql(described, 'expr') ?? sql(params, 'expr'),
    time: target.time,
  })
  const measures = (target.measures ??= {})
  const given = free(name, (one) => {
    const other = draft.modelOf.get(one)
    return other === undefined || (other === owner && isSame(measures[one], measure))
  })
  measures[given] ??= given === name ? measure : { ...measure, expr: measure.expr ?? name }
  draft.modelOf.set(given, owner)
  if (!draft.places.has(`models.${owner}.measures.${given}`)) {
    draft.places.set(`models.${owner}.measures.${given}`, described.place)
  }
  return given
}

/** The name, or the next that nothing else has: `bookings_2`. */
function free(name: string, isFree: (name: string) => boolean): string {
  let given = name
  for (let count = 2; !isFree(given); count += 1) given = `${name.slice(0, 59)}_${String(count)}`
  return given
}

function isSame(a: object | undefined, b: object): boolean {
  return a !== undefined && meaningOf(a) === meaningOf(b)
}

const meaningOf = (measure: object): string =>
  JSON.stringify(
    Object.entries(measure)
      .filter(([key]) => key !== 'label' && key !== 'description')
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
