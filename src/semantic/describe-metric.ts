import { createHash } from 'node:crypto'
import type { MeasureInput, Metric, MetricInput, MetricLayer } from '../../schemas/metrics.ts'
import { inputsOf, measuresOf, nameOf } from './find-faults.ts'
import { expandMetric, leavesOf, modelOfMeasure } from './plan/expand-metric.ts'

/** Something that a number comes from, and what that comes from in turn. */
export interface Origin {
  readonly kind: 'metric' | 'measure' | 'table' | 'query'
  readonly name: string
  /** How it is made, such as `sum(amount)`. */
  readonly how: string
  readonly from: readonly Origin[]
}

export interface MetricDescription {
  readonly name: string
  readonly type: Metric['type']
  readonly label: string | null
  readonly description: string | null
  readonly synonyms: readonly string[]
  readonly scope: string | null
  readonly owner: string | null
  readonly status: Metric['status']
  readonly successor: string | null
  readonly version: number
  /** Changes with anything that can change the number: of the metric, of what it is made of, of their tables. */
  readonly definition_hash: string
  readonly filter: string | null
  /** From which age on its data are stale. */
  readonly freshness_ms: number | null
  readonly lineage: Origin
}

/** What of a definition is told: texts as they are, or what stands for them. */
export interface Telling {
  /** A condition on rows of these models. */
  condition(text: string, models: readonly string[]): string
  /** SQL of a model. */
  expression(text: string, model: string): string
}

const everything: Telling = { condition: (text) => text, expression: (text) => text }

/** What a metric means and where it comes from; undefined for an unknown name. The layer has no faults. */
export function describeMetric(
  layer: MetricLayer,
  name: string,
  telling: Telling = everything,
): MetricDescription | undefined {
  const metric = Object.hasOwn(layer.metrics, name) ? layer.metrics[name] : undefined
  if (metric === undefined) return undefined
  return {
    name,
    type: metric.type,
    label: metric.label ?? null,
    description: metric.description ?? null,
    synonyms: metric.synonyms,
    scope: metric.scope ?? null,
    owner: metric.owner ?? null,
    status: metric.status,
    successor: metric.successor ?? null,
    version: metric.version,
    definition_hash: hashOf(layer, name),
    filter: metric.filter === undefined ? null : telling.condition(metric.filter, modelsOf(layer, name)),
    freshness_ms: metric.freshness ?? null,
    lineage: originOf({ layer, telling }, name),
  }
}

/** Lineage drawn as a tree. */
export function lineageText(origin: Origin): string {
  return treeOf(origin, '', '').join('\n')
}

function treeOf({ kind, name, how, from }: Origin, first: string, rest: string): readonly string[] {
  const below = from.flatMap((origin, index) => {
    const last = index === from.length - 1
    return treeOf(origin, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`)
  })
  return [`${first}${kind} ${name}${how === '' ? '' : ` = ${how}`}`, ...below]
}

interface Told {
  readonly layer: MetricLayer
  readonly telling: Telling
}

function originOf(told: Told, name: string): Origin {
  const { layer } = told
  const metric = layer.metrics[name]
  const measures = metric === undefined ? [] : measuresOfMetric(metric)
  return {
    kind: 'metric',
    name,
    how: metric === undefined ? '' : howOf(told, metric),
    from: [
      ...measures.map((measure) => originOfMeasure(told, measure)),
      ...(metric === undefined ? [] : [...new Set(inputsOf(metric).map(nameOf))].map((input) => originOf(told, input))),
    ],
  }
}

function measuresOfMetric(metric: Metric): readonly string[] {
  if (metric.type === 'simple' || metric.type === 'cumulative') return [nameOf(metric.measure)]
  return metric.type === 'conversion' ? [...new Set([nameOf(metric.base), nameOf(metric.conversion)])] : []
}

function howOf(told: Told, metric: Metric): string {
  if (metric.type === 'simple') return measureText(told, metric.measure)
  if (metric.type === 'ratio') return `${inputText(told, metric.numerator)} / ${inputText(told, metric.denominator)}`
  if (metric.type === 'derived')
    return `${metric.expr} (${metric.inputs.map((input) => inputText(told, input)).join('; ')})`
  if (metric.type === 'conversion') {
    const within = metric.within === undefined ? '' : ` within ${metric.within}`
    return `${metric.calculate} of ${measureText(told, metric.base)} followed by ${measureText(told, metric.conversion)}${within}, per ${metric.entity}`
  }
  const measure = measureText(told, metric.measure)
  if (metric.window !== undefined) return `${measure} of the last ${metric.window}`
  return metric.to_date === undefined ? `${measure} so far` : `${measure} of the ${metric.to_date} so far`
}

function measureText({ layer, telling }: Told, input: MeasureInput): string {
  if (typeof input === 'string') return input
  if (input.filter === undefined) return input.name
  return `${input.name} where ${telling.condition(input.filter, [modelOfMeasure(layer, input.name)])}`
}

function inputText({ layer, telling }: Told, input: MetricInput): string {
  if (typeof input === 'string') return input
  const { name, alias, filter, offset, offset_to: offsetTo } = input
  const parts = [
    ...(alias === undefined ? [] : [`as ${alias}`]),
    ...(filter === undefined ? [] : [`where ${telling.condition(filter, modelsOf(layer, name))}`]),
    ...(offset === undefined ? [] : [`${offset} before`]),
    ...(offsetTo === undefined ? [] : [`at the beginning of the ${offsetTo}`]),
  ]
  return [name, ...parts].join(' ')
}

function originOfMeasure({ layer, telling }: Told, name: string): Origin {
  const owner = measuresOf(layer).find((measure) => measure.name === name)?.model
  const model = owner === undefined ? undefined : layer.models[owner]
  const measure = model?.measures[name]
  if (owner === undefined || model === undefined || measure === undefined) {
    return { kind: 'measure', name, how: '', from: [] }
  }
  const place = model.connection === undefined ? '' : ` on ${model.connection}`
  const table: Origin =
    model.table === undefined
      ? { kind: 'query', name: `${owner}${place}`, how: '', from: [] }
      : { kind: 'table', name: `${model.table}${place}`, how: '', from: [] }
  return {
    kind: 'measure',
    name,
    how: `${measure.agg}(${telling.expression(measure.expr ?? name, owner)})`,
    from: [table],
  }
}

const modelsOf = (layer: MetricLayer, metric: string): readonly string[] => [
  ...new Set(leavesOf(expandMetric(layer, metric, { filters: [], shifts: [] })).map(({ model }) => model)),
]

function hashOf(layer: MetricLayer, name: string): string {
  const parts: unknown[] = []
  const visit = (metricName: string): void => {
    const metric = layer.metrics[metricName]
    if (metric === undefined) return
    // Words about it and its owner do not change the number.
    const { label: _l, description: _d, synonyms: _s, owner: _o, status: _t, ...trusted } = metric
    const { checks: _c, checks_every: _e, ...definition } = trusted
    parts.push([metricName, definition])
    for (const measure of measuresOfMetric(metric)) {
      const owner = measuresOf(layer).find((one) => one.name === measure)?.model
      if (owner !== undefined) parts.push([owner, layer.models[owner]])
    }
    for (const input of inputsOf(metric)) visit(nameOf(input))
  }
  visit(name)
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
