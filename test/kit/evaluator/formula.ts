import type { MeasureInput, Metric, MetricInput, MetricLayer } from '../../../schemas/metrics.ts'
import { parseArithmetic, parseCondition } from '../../../src/semantic/condition/parse-condition.ts'
import { grains } from '../../../src/semantic/condition/tree.ts'
import type { StandardGrain, Tree } from '../../../src/semantic/condition/tree.ts'
import { Refused } from './refused.ts'

type Kind<K extends Metric['type']> = Extract<Metric, { type: K }>

/** How an input looks at another time; the outermost of several is the first. */
export type Shift =
  | { readonly kind: 'by'; readonly count: number; readonly unit: StandardGrain; readonly align: 'period' | 'day' }
  | { readonly kind: 'period'; readonly count: number; readonly period: string }
  | { readonly kind: 'to'; readonly grain: StandardGrain }

export interface Condition {
  readonly tree: Tree
  readonly of: 'measure' | 'metric' | 'question'
  /** How many shifts are above it: it sees the time that those below have moved. */
  readonly depth: number
  /** The metric whose default grain `metric_time` has in it; undefined for the question's. */
  readonly metric: string | undefined
}

/** What is aggregated apart from everything else. */
export interface Fact {
  readonly measure: string
  readonly model: string
  /** The dimension that metric_time is; undefined where the measure has none. */
  readonly time: string | undefined
  readonly conditions: readonly Condition[]
  readonly shifts: readonly Shift[]
  readonly cumulative: Kind<'cumulative'> | undefined
  /** Then measure and model are those of the rows that begin. */
  readonly conversion: Kind<'conversion'> | undefined
  readonly fill: number | undefined
  readonly everyPeriod: boolean
}

export type Formula =
  | { readonly kind: 'fact'; readonly fact: Fact }
  | { readonly kind: 'ratio'; readonly numerator: Formula; readonly denominator: Formula }
  | { readonly kind: 'derived'; readonly tree: Tree; readonly inputs: ReadonlyMap<string, Formula> }

interface Above {
  readonly conditions: readonly Condition[]
  readonly shifts: readonly Shift[]
}

/** A question's metric, with the conditions and shifts of everything above each of its facts. */
export function readFormula(layer: MetricLayer, name: string, above: Above): Formula {
  const metric = layer.metrics[name]
  if (metric === undefined) throw new Error(`no metric ${name}`)
  const within = withCondition(above, metric.filter, 'metric', name)
  if (metric.type === 'simple') return factOf(layer, name, metric.measure, within, {})
  if (metric.type === 'cumulative') return factOf(layer, name, metric.measure, within, { cumulative: metric })
  if (metric.type === 'conversion') {
    const converted = factOf(layer, name, metric.base, within, { conversion: metric })
    if (metric.calculate === 'count') return converted
    return { kind: 'ratio', numerator: converted, denominator: factOf(layer, name, metric.base, within, {}) }
  }
  if (metric.type === 'ratio') {
    const numerator = inputOf(layer, name, metric.numerator, within)
    return { kind: 'ratio', numerator, denominator: inputOf(layer, name, metric.denominator, within) }
  }
  const inputs = metric.inputs.map((input) => [aliasOf(input), inputOf(layer, name, input, within)] as const)
  return { kind: 'derived', tree: parseArithmetic(metric.expr), inputs: new Map(inputs) }
}

const aliasOf = (input: MetricInput): string => (typeof input === 'string' ? input : (input.alias ?? input.name))

function inputOf(layer: MetricLayer, owner: string, input: MetricInput, above: Above): Formula {
  if (typeof input === 'string') return readFormula(layer, input, above)
  const { name, filter, offset, offset_to, align } = input
  if (offset !== undefined && offset_to !== undefined) throw new Refused('unsupported', 'offset and offset_to')
  const shifts = [...above.shifts]
  if (offset !== undefined) shifts.push(shiftOf(offset, align))
  if (offset_to !== undefined) shifts.push({ kind: 'to', grain: offset_to })
  return readFormula(layer, name, withCondition({ ...above, shifts }, filter, 'metric', owner))
}

function shiftOf(window: string, align: 'period' | 'day'): Shift {
  const { count, unit } = readWindow(window)
  const grain = grains.find((one) => one === unit)
  return grain === undefined ? { kind: 'period', count, period: unit } : { kind: 'by', count, unit: grain, align }
}

/** `7 days` or `1 month`; units may be in the plural. */
export function readWindow(window: string): { readonly count: number; readonly unit: string } {
  const [count = '', unit = ''] = window.split(' ')
  const singular = unit.replace(/s$/, '')
  return { count: Number(count), unit: grains.some((grain) => grain === singular) ? singular : unit }
}

function withCondition(above: Above, text: string | undefined, of: Condition['of'], metric: string | undefined): Above {
  return { ...above, conditions: [...above.conditions, ...readConditions(text, of, above.shifts.length, metric)] }
}

/** Each part of a conjunction is a condition of its own. */
export function readConditions(
  text: string | undefined,
  of: Condition['of'],
  depth: number,
  metric: string | undefined,
): readonly Condition[] {
  if (text === undefined) return []
  const conjuncts = (tree: Tree): readonly Tree[] =>
    tree.kind === 'operation' && tree.operator === 'and' ? [...conjuncts(tree.left), ...conjuncts(tree.right)] : [tree]
  return conjuncts(parseCondition(text)).map((tree) => ({ tree, of, depth, metric }))
}

function factOf(
  layer: MetricLayer,
  metric: string,
  input: MeasureInput,
  above: Above,
  more: Partial<Pick<Fact, 'cumulative' | 'conversion'>>,
): Formula {
  const { name, filter, fill, every_period } =
    typeof input === 'string' ? { name: input, filter: undefined, fill: undefined, every_period: false } : input
  const { conditions, shifts } = withCondition(above, filter, 'measure', metric)
  const then = more.conversion?.conversion
  const filling = then === undefined ? { fill, every_period } : typeof then === 'string' ? {} : then
  return {
    kind: 'fact',
    fact: {
      ...placeOf(layer, name),
      measure: name,
      conditions,
      shifts,
      cumulative: more.cumulative,
      conversion: more.conversion,
      fill: filling.fill,
      everyPeriod: filling.every_period ?? false,
    },
  }
}

/** The model that has a measure, and its time dimension. */
export function placeOf(
  layer: MetricLayer,
  name: string,
): { readonly model: string; readonly time: string | undefined } {
  for (const [model, { measures, time }] of Object.entries(layer.models)) {
    const measure = measures[name]
    if (measure !== undefined) return { model, time: measure.time ?? time }
  }
  throw new Error(`no measure ${name}`)
}

export function factsIn(formula: Formula): readonly Fact[] {
  if (formula.kind === 'fact') return [formula.fact]
  const parts = formula.kind === 'ratio' ? [formula.numerator, formula.denominator] : [...formula.inputs.values()]
  return parts.flatMap(factsIn)
}
