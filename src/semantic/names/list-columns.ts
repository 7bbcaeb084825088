import type { MetricLayer, Model } from '../../../schemas/metrics.ts'
import { reachModels, type Reach } from './reach-models.ts'

/** Something that rows of a base model can be grouped and filtered by. */
export interface Reachable {
  /** Whole name, such as `listing__user__home_state`. */
  readonly name: string
  /** What stands before the item, from the base on. */
  readonly links: readonly string[]
  /** Its name in its own model. */
  readonly item: string
  readonly kind: 'dimension' | 'time' | 'entity'
  readonly reach: Reach
}

const known = new WeakMap<MetricLayer, Map<string, readonly Reachable[]>>()

/** All of a base model's columns, its own first, then by the number of joins. */
export function listColumns(layer: MetricLayer, base: string): readonly Reachable[] {
  const ofLayer = known.get(layer) ?? new Map<string, readonly Reachable[]>()
  known.set(layer, ofLayer)
  const before = ofLayer.get(base)
  if (before !== undefined) return before
  const columns = reachModels(layer, base).flatMap((reach) => columnsOf(layer, reach))
  ofLayer.set(base, columns)
  return columns
}

function columnsOf(layer: MetricLayer, reach: Reach): readonly Reachable[] {
  const model = layer.models[reach.model]
  if (model === undefined) return []
  const local = reach.hops.length === 0
  const joined = reach.hops.map((hop) => hop.entity)
  const named = (links: readonly string[], item: string, kind: Reachable['kind']): Reachable => ({
    name: [...links, item].join('__'),
    links,
    item,
    kind,
    reach,
  })
  const dimensions = Object.entries(model.dimensions).flatMap(([item, { type }]) => {
    const identities = local ? identitiesOf(model) : []
    const ways = !local ? [joined] : identities.length === 0 ? [[]] : identities.map((identity) => [identity])
    return ways.map((links) => named(links, item, type === 'time' ? 'time' : 'dimension'))
  })
  const arrivedBy = reach.hops.at(-1)?.key
  const entities = Object.keys(model.entities).flatMap((item) =>
    item === arrivedBy ? [] : [named(joined, item, 'entity')],
  )
  return [...dimensions, ...entities]
}

/** Entities that a row of the model is, by which its own dimensions are named. */
export function identitiesOf({ entities, primary }: Model): readonly string[] {
  const own = Object.entries(entities).flatMap(([name, { type }]) => (type === 'foreign' ? [] : [name]))
  return primary === undefined ? own : [primary, ...own]
}
