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
  const primary = model.primary ?? Object.keys(model.entities).find((key) => model.entities[key]?.type === 'primary')
  const others = Object.keys(model.entities).filter((key) => model.entities[key]?.type !== 'foreign')
  const keys = new Set(primary === undefined ? others : [primary, ...others])
  const own = { hops: [], model: name, isFanOut: false }
  return [
    ...[...keys].flatMap((key) =>
      Object.keys(model.dimensions).map((element): Item => {
        return { ...own, parts: [key, element], kind: 'dimension', element }
      }),
    ),
    ...Object.keys(model.entities).flatMap((element): readonly Item[] => [
      { ...own, parts: [element], kind: 'entity', element },
      ...(primary === undefined || primary === element
        ? []
        : [{ ...own, parts: [primary, element], kind: 'entity' as const, element }]),
    ]),
  ]
}

function joinedItems(layer: MetricLayer, start: string, hops: readonly Hop[]): readonly Item[] {
  if (hops.length === maxHops) return []
  return hopsFrom(layer, start, hops).flatMap((hop) => {
    const way = [...hops, hop]
    const parts = way.map(({ entity }) => entity)
    const model = modelOf(layer, hop.to)
    const found = { hops: way, model: hop.to, isFanOut: isFanOut(layer, start, way) }
    return [
      ...Object.keys(model.dimensions).map((element): Item => {
        return { ...found, parts: [...parts, element], kind: 'dimension', element }
      }),
      ...Object.keys(model.entities).map((element): Item => {
        return { ...found, parts: [...parts, element], kind: 'entity', element }
      }),
      ...joinedItems(layer, start, way),
    ]
  })
}

function hopsFrom(layer: MetricLayer, start: string, hops: readonly Hop[]): readonly Hop[] {
  const from = hops.at(-1)?.to ?? start
  const visited = [start, ...hops.map(({ to }) => to)]
  const { entities, connection } = modelOf(layer, from)
  return Object.entries(entities).flatMap(([entity, { of }]) =>
    Object.entries(layer.models).flatMap(([to, model]) => {
      if (visited.includes(to) || model.connection !== connection) return []
      return [...new Set([entity, of ?? entity])]
        .filter((key) => tellsOneRow(model, key))
        .map((toEntity): Hop => ({ from, entity, to, toEntity }))
    }),
  )
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
