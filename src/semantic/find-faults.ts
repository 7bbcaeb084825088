import type { MeasureInput, Metric, MetricInput, MetricLayer, Model } from '../../schemas/metrics.ts'
import { hint } from '../core/nearest.ts'
import { findCycle } from './find-cycle.ts'

/** What is wrong in a layer, and where: `['metrics', 'revenue', 'measure']`. */
export interface Fault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Everything that one file's schema cannot see: names that lead nowhere, things that do not go together. */
export function findFaults(layer: MetricLayer, connections: readonly string[]): readonly Fault[] {
  const measures = measuresOf(layer)
  return [
    ...Object.entries(layer.models).flatMap(([name, model]) => faultsOfModel(name, model, layer, connections)),
    ...measures.flatMap(({ name, model }, index) => {
      const first = measures.findIndex((other) => other.name === name)
      if (first === index) return []
      const message = `${measures[first]?.model ?? ''} has a measure of this name; metrics could not tell them apart`
      return [{ path: ['models', model, 'measures', name], message }]
    }),
    ...Object.entries(layer.metrics).flatMap(([name, metric]) => faultsOfMetric(name, metric, layer)),
    ...Object.entries(layer.queries).flatMap(([name, query]) =>
      query.metrics.flatMap((metric, index) =>
        unknown(['queries', name, 'metrics', index], 'metric', metric, Object.keys(layer.metrics)),
      ),
    ),
    ...Object.entries(layer.calendars).flatMap(([name, { connection }]) =>
      faultsOfConnection(['calendars', name], connection, connections),
    ),
  ]
}

export function measuresOf(layer: MetricLayer): readonly { readonly name: string; readonly model: string }[] {
  return Object.entries(layer.models).flatMap(([model, { measures }]) =>
    Object.keys(measures).map((name) => ({ name, model })),
  )
}

/** Names of the metrics that this one is made of. */
export function inputsOf(metric: Metric): readonly MetricInput[] {
  if (metric.type === 'ratio') return [metric.numerator, metric.denominator]
  return metric.type === 'derived' ? metric.inputs : []
}

export const nameOf = (input: MetricInput | MeasureInput): string => (typeof input === 'string' ? input : input.name)

function unknown(path: Fault['path'], what: string, name: string, known: readonly string[]): readonly Fault[] {
  return known.includes(name) ? [] : [{ path, message: `there is no ${what} ${name}${hint(name, known)}` }]
}

/** Without a name it is the only connection that metrics can be computed in. */
function faultsOfConnection(
  path: Fault['path'],
  name: string | undefined,
  connections: readonly string[],
): readonly Fault[] {
  if (name !== undefined) return unknown([...path, 'connection'], 'connection', name, connections)
  if (connections.length === 0)
    return [{ path, message: 'aquifer.yaml has no connection that metrics can be computed in' }]
  return [{ path, message: `needs \`connection\`: one of ${connections.join(', ')}` }]
}

function faultsOfModel(
  name: string,
  model: Model,
  { models }: MetricLayer,
  connections: readonly string[],
): readonly Fault[] {
  const at = (...path: readonly (string | number)[]): Fault['path'] => ['models', name, ...path]
  const { entities, dimensions, measures } = model
  const times = Object.entries(dimensions).flatMap(([key, { type }]) => (type === 'time' ? [key] : []))
  // What rows of some model are: another one's entity can be one of these.
  const kinds = Object.values(models).flatMap((other) => [
    ...(other.primary === undefined ? [] : [other.primary]),
    ...Object.entries(other.entities).flatMap(([key, { type }]) => (type === 'foreign' ? [] : [key])),
  ])
  const faults: Fault[] = []
  if ((model.table === undefined) === (model.query === undefined)) {
    faults.push({ path: at(), message: 'needs `table` or `query`, and not both' })
  }
  faults.push(...faultsOfConnection(at(), model.connection, connections))
  if (model.time !== undefined) faults.push(...unknown(at('time'), 'time dimension', model.time, times))
  const own = Object.entries(entities).filter(([, { type }]) => type === 'primary')
  if (own.length + (model.primary === undefined ? 0 : 1) > 1) {
    faults.push({ path: at('entities'), message: 'has more than one primary entity' })
  }
  for (const [key, { of }] of Object.entries(entities)) {
    if (of !== undefined) faults.push(...unknown(at('entities', key, 'of'), 'entity', of, kinds))
    if (key in dimensions) {
      faults.push({ path: at('dimensions', key), message: 'is the name of an entity of this model too' })
    }
  }
  faults.push(...Object.keys(measures).flatMap((key) => faultsOfMeasure(name, model, key, times)))
  for (const [index, { hidden }] of model.policy.entries()) {
    for (const [place, column] of hidden.entries()) {
      const names = [...Object.keys(dimensions), ...Object.keys(measures)]
      faults.push(...unknown(at('policy', index, 'hidden', place), 'dimension or measure', column, names))
    }
  }
  return faults
}

function faultsOfMeasure(name: string, model: Model, key: string, times: readonly string[]): readonly Fault[] {
  const measure = model.measures[key]
  if (measure === undefined) return []
  const path = (...more: readonly (string | number)[]): Fault['path'] => ['models', name, 'measures', key, ...more]
  const faults: Fault[] = []
  if ((measure.agg === 'percentile') !== (measure.percentile !== undefined)) {
    faults.push({ path: path(), message: '`percentile: { at: … }` goes with `agg: percentile`, and only with it' })
  }
  if (measure.time !== undefined) faults.push(...unknown(path('time'), 'time dimension', measure.time, times))
  if (measure.over_time === undefined) return faults
  const entities = entitiesOf(model)
  return [
    ...faults,
    ...unknown(path('over_time', 'dimension'), 'time dimension', measure.over_time.dimension, times),
    ...measure.over_time.per.flatMap((entity, index) =>
      unknown(path('over_time', 'per', index), 'entity', entity, entities),
    ),
  ]
}

/** Names of the entities that rows of a model are or point to. */
function entitiesOf({ entities, primary }: Model): readonly string[] {
  return [...Object.keys(entities), ...(primary === undefined ? [] : [primary])]
}

function faultsOfMetric(name: string, metric: Metric, layer: MetricLayer): readonly Fault[] {
  const at = (...path: readonly (string | number)[]): Fault['path'] => ['metrics', name, ...path]
  const metrics = Object.keys(layer.metrics)
  const measures = measuresOf(layer)
  const measureNames = measures.map((measure) => measure.name)
  const faults: Fault[] = []
  const cycle = findCycle(name, (one) => {
    const found = layer.metrics[one]
    return found === undefined ? [] : inputsOf(found).map(nameOf)
  })
  if (cycle !== undefined) faults.push({ path: at(), message: `is made of itself: ${cycle.join(' → ')}` })
  if (metric.successor !== undefined) faults.push(...unknown(at('successor'), 'metric', metric.successor, metrics))
  if (metric.successor !== undefined && metric.status !== 'deprecated') {
    faults.push({ path: at('successor'), message: 'goes with `status: deprecated`' })
  }
  if (metric.type === 'simple' || metric.type === 'cumulative') {
    faults.push(...unknown(at('measure'), 'measure', nameOf(metric.measure), measureNames))
  }
  if (metric.type === 'cumulative' && metric.window !== undefined && metric.to_date !== undefined) {
    faults.push({ path: at('to_date'), message: 'does not go with `window`' })
  }
  if (metric.type === 'ratio') {
    for (const part of ['numerator', 'denominator'] as const) {
      faults.push(...unknown(at(part), 'metric', nameOf(metric[part]), metrics))
    }
  }
  if (metric.type === 'derived') {
    const seen = new Set<string>()
    for (const [index, input] of metric.inputs.entries()) {
      faults.push(...unknown(at('inputs', index), 'metric', nameOf(input), metrics))
      const alias = typeof input === 'string' ? input : (input.alias ?? input.name)
      if (seen.has(alias)) faults.push({ path: at('inputs', index), message: `${alias} is named twice; give an alias` })
      seen.add(alias)
    }
  }
  if (metric.type === 'conversion') faults.push(...faultsOfConversion(name, metric, layer))
  return faults
}

function faultsOfConversion(
  name: string,
  metric: Extract<Metric, { type: 'conversion' }>,
  layer: MetricLayer,
): readonly Fault[] {
  const measures = measuresOf(layer)
  return (['base', 'conversion'] as const).flatMap((part) => {
    const found = measures.find((measure) => measure.name === nameOf(metric[part]))
    const model = found === undefined ? undefined : layer.models[found.model]
    if (found === undefined || model === undefined) {
      const names = measures.map((measure) => measure.name)
      return unknown(['metrics', name, part], 'measure', nameOf(metric[part]), names)
    }
    const entities = entitiesOf(model)
    if (entities.includes(metric.entity)) return []
    const message = `${found.model} has no entity ${metric.entity}${hint(metric.entity, entities)}`
    return [{ path: ['metrics', name, 'entity'], message }]
  })
}
