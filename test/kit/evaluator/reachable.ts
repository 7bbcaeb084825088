import type { MetricLayer, Model } from '../../../schemas/metrics.ts'

/** A join from an entity of one model to one of another, in which each row is one. */
export interface Hop {
  readonly from: string
  readonly entity: string
  readonly to: string
  readonly toEntity: string
}

/** A dimension or an entity as it can be named from a model. */
export interface Item {
  /** `['listing', 'user', 'home_state']`. */
  readonly parts: readonly string[]
  readonly kind: 'dimension' | 'entity'
  readonly hops: readonly Hop[]
  readonly model: string
  readonly element: string
  /** A partitioned model on the way has no partner: its key does not tell one row. */
  readonly isFanOut: boolean
}

const maxHops = 3

export function modelOf(layer: MetricLayer, name: string): Model {
  const model = layer.models[name]
  if (model === undefined) throw new Error(`no model ${name}`)
  return model
}

const known = new WeakMap<Model, readonly Item[]>()

/** Everything that can be asked of rows of a model, its own first. */
export function reachableItems(layer: MetricLayer, start: string): readonly Item[] {
  const model = modelOf(layer, start)
  const items = known.get(model) ?? [...ownItems(layer, start), ...joinedItems(layer, start, [])]
  known.set(model, items)
  return items
}

function ownItems(layer: MetricLayer, name: string): readonly Item[] {
  const model = modelOf(layer, name)
  const keys = keysOf(model)
  const own = { hops: [], model: name, isFanOut: false }
  const before = keys.length === 0 ? [[]] : keys.map((key) => [key])
  return [
    ...before.flatMap((parts) =>
      Object.keys(model.dimensions).map((element): Item => {
        return { ...own, parts: [...parts, element], kind: 'dimension', element }
      }),
    ),
    ...Object.keys(model.entities).map((element): Item => ({ ...own, parts: [element], kind: 'entity', element })),
  ]
}

/** The entities that a row of the model is, by which its own columns are named. */
export function keysOf({ primary, entities }: Model): readonly string[] {
  const own = Object.keys(entities).filter((key) => entities[key]?.type !== 'foreign')
  return primary === undefined ? own : [primary, ...own]
}

function joinedItems(layer: MetricLayer, start: string, hops: readonly Hop[]): readonly Item[] {
  if (hops.length === maxHops) return []
  return hopsFrom(layer, start, hops).flatMap((hop) => {
    const way = [...hops, hop]
    const parts = way.map(({ entity }) => entity)
    const model = modelOf(layer, hop.to)
    const found = { hops: way, model: hop.to, isFanOut: isFanOut(layer, start, way) }
    const others = Object.keys(model.entities).filter((element) => element !== hop.toEntity)
    return [
      ...Object.keys(model.dimensions).map((element): Item => {
        return { ...found, parts: [...parts, element], kind: 'dimension', element }
      }),
      ...others.map((element): Item => ({ ...found, parts: [...parts, element], kind: 'entity', element })),
      ...joinedItems(layer, start, way),
    ]
  })
}

/** Not by the entity that led here: the models it leads to are as near from the model before. */
function hopsFrom(layer: MetricLayer, start: string, hops: readonly Hop[]): readonly Hop[] {
  const last = hops.at(-1)
  const from = last?.to ?? start
  const visited = [start, ...hops.map(({ to }) => to)]
  const { entities, connection } = modelOf(layer, from)
  return Object.entries(entities).flatMap(([entity, { of }]) => {
    if (entity === last?.toEntity) return []
    return Object.entries(layer.models).flatMap(([to, model]) => {
      if (visited.includes(to) || model.connection !== connection) return []
      const toEntity = Object.keys(model.entities).find(
        (key) => (model.entities[key]?.of ?? key) === (of ?? entity) && tellsOneRow(model, key),
      )
      return toEntity === undefined ? [] : [{ from, entity, to, toEntity }]
    })
  })
}

function tellsOneRow(model: Model, key: string): boolean {
  const type = model.entities[key]?.type
  if (type !== 'natural') return type === 'primary' || type === 'unique'
  return validityOf(model, 'start') !== undefined && validityOf(model, 'end') !== undefined
}

/** The dimension that holds the first or last moment of validity. */
export function validityOf({ dimensions }: Model, which: 'start' | 'end'): string | undefined {
  return Object.keys(dimensions).find((name) => {
    const dimension = dimensions[name]
    return dimension?.type === 'time' && dimension.validity === which
  })
}

export function partitionsOf({ dimensions }: Model): readonly string[] {
  return Object.keys(dimensions).filter((name) => {
    const dimension = dimensions[name]
    return dimension?.type === 'time' && dimension.partition
  })
}

function isFanOut(layer: MetricLayer, start: string, hops: readonly Hop[]): boolean {
  const before = [start]
  return hops.some(({ to }) => {
    const known = before.flatMap((name) => partitionsOf(modelOf(layer, name)))
    before.push(to)
    return partitionsOf(modelOf(layer, to)).some((name) => !known.includes(name))
  })
}
