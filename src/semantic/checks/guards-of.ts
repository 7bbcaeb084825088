import type { Metric, MetricLayer, Model } from '../../../schemas/metrics.ts'
import { nodesIn } from '../condition/visit-tree.ts'
import { describeMetric } from '../describe-metric.ts'
import { inputsOf, nameOf } from '../find-faults.ts'
import { reachModels } from '../names/reach-models.ts'
import { timeOfLeaf } from '../plan/asked.ts'
import { expandMetric, leavesOf, modelOfMeasure, type Leaf } from '../plan/expand-metric.ts'
import { hashOf } from '../trust/hash.ts'

export type DeclaredCheck = Metric['checks'][string]

/** A declared check, or the one that a join relies on: that the entity tells the model's rows apart. */
export type GuardCheck = DeclaredCheck | { readonly type: 'key'; readonly model: string; readonly entity: string }

/** One check of a metric, by the metric that has it. */
export interface Guard {
  readonly metric: string
  readonly name: string
  readonly check: GuardCheck
  /** Changes with whatever the check is about; an outcome of another definition says nothing. */
  readonly definition: string
  /** Milliseconds from one run to the next. */
  readonly everyMs: number
}

/** Name of the check that `freshness:` of a metric stands for. */
export const freshnessName = 'freshness'

const known = new WeakMap<MetricLayer, Map<string, readonly Guard[]>>()

/** The checks that these metrics have, and those of the metrics that they are made of. The layer has no faults. */
export function guardsOf(layer: MetricLayer, metrics: readonly string[]): readonly Guard[] {
  return [...madeOf(layer, metrics)].flatMap((name) => ownGuards(layer, name))
}

/** These metrics, and all that they are made of or filtered by. */
function madeOf(layer: MetricLayer, metrics: readonly string[]): ReadonlySet<string> {
  const found = new Set(metrics.filter((name) => Object.hasOwn(layer.metrics, name)))
  // Grows while it is walked.
  for (const name of found) {
    const metric = layer.metrics[name]
    for (const input of metric === undefined ? [] : inputsOf(metric)) found.add(nameOf(input))
    const filters = leavesOfMetric(layer, name).flatMap((leaf) => [
      ...leaf.filters,
      ...(leaf.conversion?.baseFilters ?? []),
    ])
    for (const { tree } of filters) {
      for (const node of nodesIn(tree)) if (node.kind === 'metric') found.add(node.name)
    }
  }
  return found
}

const leavesOfMetric = (layer: MetricLayer, metric: string): readonly Leaf[] =>
  leavesOf(expandMetric(layer, metric, { filters: [], shifts: [] }))

function ownGuards(layer: MetricLayer, name: string): readonly Guard[] {
  const ofLayer = known.get(layer) ?? new Map<string, readonly Guard[]>()
  known.set(layer, ofLayer)
  const before = ofLayer.get(name)
  if (before !== undefined) return before
  const metric = layer.metrics[name]
  const guards = metric === undefined ? [] : listGuards(layer, name, metric)
  ofLayer.set(name, guards)
  return guards
}

function listGuards(layer: MetricLayer, name: string, metric: Metric): readonly Guard[] {
  const checks: [string, GuardCheck][] = Object.entries(metric.checks)
  if (metric.freshness !== undefined && !Object.hasOwn(metric.checks, freshnessName) && isTimed(layer, name)) {
    checks.push([freshnessName, { type: 'freshness', within: metric.freshness }])
  }
  // What a metric made of others joins, they join.
  if (inputsOf(metric).length === 0) checks.push(...keyChecks(layer, name))
  return checks.map(([checkName, check]) => ({
    metric: name,
    name: checkName,
    check,
    definition: definitionOf(layer, name, check),
    everyMs: metric.checks_every,
  }))
}

/** The models whose rows a metric counts, the first first. */
export function modelsOf(layer: MetricLayer, metric: string): readonly string[] {
  // Of a conversion, the measure is another model's.
  const models = leavesOfMetric(layer, metric).flatMap(({ model, measure }) => [model, modelOfMeasure(layer, measure)])
  return [...new Set(models)]
}

/** The time dimensions that are the metric's time, each with its model. */
export function timesOf(
  layer: MetricLayer,
  metric: string,
): readonly { readonly model: string; readonly time: string }[] {
  const times = leavesOfMetric(layer, metric).flatMap((leaf) => {
    const time = timeOfLeaf(layer, leaf)
    return time === undefined ? [] : [{ model: leaf.model, time }]
  })
  return times.filter(
    ({ model, time }, index) => index === times.findIndex((one) => one.model === model && one.time === time),
  )
}

const isTimed = (layer: MetricLayer, metric: string): boolean => timesOf(layer, metric).length > 0

/** Every model that a question could join to the metric's rows. */
function keyChecks(layer: MetricLayer, metric: string): readonly [string, GuardCheck][] {
  const joined = modelsOf(layer, metric).flatMap((base) => reachModels(layer, base).flatMap(({ hops }) => hops))
  const checks = joined.map(({ model, key }): [string, GuardCheck] => [
    `key ${key} of ${model}`,
    { type: 'key', model, entity: key },
  ])
  return [...new Map(checks)]
}

function definitionOf(layer: MetricLayer, metric: string, check: GuardCheck): string {
  if (check.type === 'reconcile') {
    const hashes = [metric, check.with].map((name) => describeMetric(layer, name)?.definition_hash)
    return hashOf([check, hashes]).slice(0, 32)
  }
  const named = check.type === 'key' ? [check.model] : modelsOf(layer, metric)
  const targets = check.type === 'relationship' ? targetsOf(layer, named, check.entity) : []
  const models: readonly (Model | undefined)[] = [...named, ...targets.map(({ model }) => model)].map(
    (name) => layer.models[name],
  )
  return hashOf([check, models]).slice(0, 32)
}

/** The models that hold what an entity of one of these models points to, with their entity. */
export function targetsOf(
  layer: MetricLayer,
  models: readonly string[],
  entity: string,
): readonly { readonly model: string; readonly key: string }[] {
  const holder = holderOf(layer, models, entity)
  if (holder === undefined) return []
  return reachModels(layer, holder).flatMap(({ hops }) => {
    const [hop, more] = hops
    return hop?.entity === entity && more === undefined ? [{ model: hop.model, key: hop.key }] : []
  })
}

/** The first of these models that has an entity, a dimension or a measure of this name. */
export function holderOf({ models: all }: MetricLayer, models: readonly string[], name: string): string | undefined {
  return models.find((model) => {
    const { entities = {}, dimensions = {}, measures = {} } = all[model] ?? {}
    return Object.hasOwn(entities, name) || Object.hasOwn(dimensions, name) || Object.hasOwn(measures, name)
  })
}
