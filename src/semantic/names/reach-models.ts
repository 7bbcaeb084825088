import type { MetricLayer, Model } from '../../../schemas/metrics.ts'

/** One join: from an entity of the model before it to the rows of another, at most one each. */
export interface Hop {
  /** The entity it leaves by; it names the join. */
  readonly entity: string
  /** The model it leads to, and that model's entity. */
  readonly model: string
  readonly key: string
}

/** A model, and how rows of the base get there; no hops: the base itself. */
export interface Reach {
  readonly model: string
  readonly hops: readonly Hop[]
}

const mostHops = 3

/** Every model that a row of the base meets at most one row of, the base first, then the nearest. */
export function reachModels(layer: MetricLayer, base: string): readonly Reach[] {
  const found: Reach[] = [{ model: base, hops: [] }]
  // Grows while it is walked.
  for (const reach of found) {
    if (reach.hops.length < mostHops) found.push(...nextHops(layer, base, reach))
  }
  return found
}

function nextHops(layer: MetricLayer, base: string, { model, hops }: Reach): readonly Reach[] {
  const passed = new Set([base, ...hops.map((hop) => hop.model)])
  const arrivedBy = hops.at(-1)?.key
  return Object.entries(layer.models[model]?.entities ?? {}).flatMap(([entity, { of }]) => {
    if (entity === arrivedBy) return []
    return Object.entries(layer.models).flatMap(([other, target]) => {
      if (passed.has(other) || target.connection !== layer.models[base]?.connection) return []
      const key = keyOf(target, of ?? entity)
      return key === undefined ? [] : [{ model: other, hops: [...hops, { entity, model: other, key }] }]
    })
  })
}

/** The entity by which each row of the model is found: primary or unique, or natural with its validity dates. */
function keyOf(model: Model, kind: string): string | undefined {
  return Object.entries(model.entities).find(
    ([name, { of, type }]) =>
      (of ?? name) === kind &&
      (type === 'primary' || type === 'unique' || (type === 'natural' && validityOf(model) !== undefined)),
  )?.[0]
}

/** Names of the dimensions that say from when and until when a row held. */
export function validityOf(model: Model): { readonly start: string; readonly end: string } | undefined {
  const named = (which: 'start' | 'end'): string | undefined =>
    Object.entries(model.dimensions).find(
      ([, dimension]) => dimension.type === 'time' && dimension.validity === which,
    )?.[0]
  const start = named('start')
  const end = named('end')
  return start === undefined || end === undefined ? undefined : { start, end }
}

export function partitionsOf(model: Model): readonly string[] {
  return Object.entries(model.dimensions).flatMap(([name, dimension]) =>
    dimension.type === 'time' && dimension.partition ? [name] : [],
  )
}
