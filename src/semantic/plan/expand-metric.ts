import type { MeasureInput, Metric, MetricInput, MetricLayer } from '../../../schemas/metrics.ts'
import { parseArithmetic, parseCondition } from '../condition/parse-condition.ts'
import type { StandardGrain, Tree } from '../condition/tree.ts'
import { nameOf } from '../find-faults.ts'
import { readWindow } from './read-window.ts'

/** A move of a measure's time to the time that the answer shows. */
export type Shift =
  | { readonly kind: 'by'; readonly count: number; readonly unit: string; readonly align: 'period' | 'day' }
  | { readonly kind: 'start'; readonly grain: StandardGrain }

export interface Filter {
  readonly tree: Tree
  /** `measure` filters are about the rows themselves. */
  readonly level: 'measure' | 'metric' | 'question'
  /** So many of the leaf's last shifts lie above it: metric_time in it is the time before those. */
  readonly above: number
}

export interface Cumulative {
  readonly window: { readonly count: number; readonly unit: string } | undefined
  readonly toDate: StandardGrain | undefined
  readonly atCoarser: 'first' | 'last' | 'average'
}

export interface Conversion {
  readonly base: string
  readonly baseFilters: readonly Filter[]
  readonly entity: string
  readonly within: { readonly count: number; readonly unit: string } | undefined
  readonly same: readonly { readonly base: string; readonly conversion: string }[]
}

/** One aggregation of one measure; what a question's numbers are put together from. */
export interface Leaf {
  readonly measure: string
  /** The model whose columns it is grouped and filtered by. */
  readonly model: string
  readonly filters: readonly Filter[]
  /** The first is applied first. */
  readonly shifts: readonly Shift[]
  readonly cumulative: Cumulative | undefined
  readonly conversion: Conversion | undefined
  readonly fill: number | undefined
  readonly everyPeriod: boolean
}

/** How a metric's number is made of leaves. */
export type Value =
  | { readonly kind: 'leaf'; readonly leaf: Leaf }
  | { readonly kind: 'ratio'; readonly top: Value; readonly bottom: Value }
  | { readonly kind: 'arithmetic'; readonly tree: Tree; readonly inputs: ReadonlyMap<string, Value> }

interface Above {
  readonly filters: readonly Filter[]
  /** Nearest first. */
  readonly shifts: readonly Shift[]
}

const conditions = new Map<string, Tree>()

/** Parsed once; definitions are few and questions many. */
export function conditionOf(text: string): Tree {
  const known = conditions.get(text)
  if (known !== undefined) return known
  const tree = parseCondition(text)
  if (conditions.size > 1000) conditions.clear()
  conditions.set(text, tree)
  return tree
}

export function modelOfMeasure(layer: MetricLayer, measure: string): string {
  return Object.entries(layer.models).find(([, { measures }]) => Object.hasOwn(measures, measure))?.[0] ?? ''
}

/** The layer has no faults: every name in it leads somewhere. */
export function expandMetric(layer: MetricLayer, name: string, above: Above): Value {
  const metric = layer.metrics[name]
  if (metric === undefined) throw new Error(`There is no metric ${name}`)
  const under = withFilter(above, metric.filter, 'metric')
  if (metric.type === 'ratio') {
    return {
      kind: 'ratio',
      top: expandInput(layer, metric.numerator, under),
      bottom: expandInput(layer, metric.denominator, under),
    }
  }
  if (metric.type === 'derived') {
    const inputs = metric.inputs.map((input) => [aliasOf(input), expandInput(layer, input, under)] as const)
    return { kind: 'arithmetic', tree: parseArithmetic(metric.expr), inputs: new Map(inputs) }
  }
  if (metric.type === 'conversion') return expandConversion(layer, metric, under)
  const cumulative: Cumulative | undefined =
    metric.type === 'simple'
      ? undefined
      : {
          window: metric.window === undefined ? undefined : readWindow(metric.window),
          toDate: metric.to_date,
          atCoarser: metric.at_coarser,
        }
  return { kind: 'leaf', leaf: { ...leafOf(layer, metric.measure, under), cumulative } }
}

const aliasOf = (input: MetricInput): string => (typeof input === 'string' ? input : (input.alias ?? input.name))

function leafOf(layer: MetricLayer, input: MeasureInput, above: Above): Leaf {
  const name = nameOf(input)
  const use = typeof input === 'string' ? undefined : input
  const { filters, shifts } = withFilter(above, use?.filter, 'measure')
  return {
    measure: name,
    model: modelOfMeasure(layer, name),
    filters,
    shifts,
    cumulative: undefined,
    conversion: undefined,
    fill: use?.fill,
    everyPeriod: use?.every_period ?? false,
  }
}

function withFilter({ filters, shifts }: Above, filter: string | undefined, level: Filter['level']): Above {
  if (filter === undefined) return { filters, shifts }
  return { shifts, filters: [...filters, { tree: conditionOf(filter), level, above: shifts.length }] }
}

function expandInput(layer: MetricLayer, input: MetricInput, above: Above): Value {
  if (typeof input === 'string') return expandMetric(layer, input, above)
  const shifts = [...shiftsOf(input), ...above.shifts]
  return expandMetric(layer, input.name, withFilter({ ...above, shifts }, input.filter, 'metric'))
}

function shiftsOf(input: Exclude<MetricInput, string>): readonly Shift[] {
  if (input.offset_to !== undefined) return [{ kind: 'start', grain: input.offset_to }]
  return input.offset === undefined ? [] : [{ kind: 'by', ...readWindow(input.offset), align: input.align }]
}

function expandConversion(layer: MetricLayer, metric: Extract<Metric, { type: 'conversion' }>, above: Above): Value {
  const base = leafOf(layer, metric.base, above)
  const { measure, fill, everyPeriod, filters } = leafOf(layer, metric.conversion, {
    filters: [],
    shifts: above.shifts,
  })
  const leaf: Leaf = {
    ...base,
    measure,
    fill,
    everyPeriod,
    filters,
    conversion: {
      base: base.measure,
      baseFilters: base.filters,
      entity: metric.entity,
      within: metric.within === undefined ? undefined : readWindow(metric.within),
      same: metric.same,
    },
  }
  const conversions: Value = { kind: 'leaf', leaf }
  return metric.calculate === 'count'
    ? conversions
    : { kind: 'ratio', top: conversions, bottom: { kind: 'leaf', leaf: base } }
}

export function leavesOf(value: Value): readonly Leaf[] {
  if (value.kind === 'leaf') return [value.leaf]
  if (value.kind === 'ratio') return [...leavesOf(value.top), ...leavesOf(value.bottom)]
  return [...value.inputs.values()].flatMap(leavesOf)
}
