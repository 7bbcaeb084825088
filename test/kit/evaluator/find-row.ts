import { parseArithmetic } from '../../../src/semantic/condition/parse-condition.ts'
import type { StandardGrain, Tree } from '../../../src/semantic/condition/tree.ts'
import type { MetricLayer } from '../../../schemas/metrics.ts'
import { evaluateTree, momentOf } from './evaluate-tree.ts'
import { convertZone, startOf } from './moment.ts'
import { modelOf, partitionsOf, validityOf } from './reachable.ts'
import type { Hop, Item } from './reachable.ts'
import { compareValues } from './value.ts'
import type { Moment, Row, Value } from './value.ts'

/** A layer over tables, and the zone that a question is asked in. */
export interface World {
  readonly layer: MetricLayer
  readonly tables: Readonly<Record<string, readonly Row[]>>
  readonly zone: string
}

const trees = new Map<string, Tree>()

export function rowsOf({ layer, tables }: World, model: string): readonly Row[] {
  const rows = tables[modelOf(layer, model).table ?? model]
  if (rows === undefined) throw new Error(`no table for ${model}`)
  return rows
}

/** A model's own expression; a plain name is a column. */
export function evaluateExpression(text: string, row: Row): Value {
  const tree = trees.get(text) ?? parseArithmetic(text)
  trees.set(text, tree)
  return evaluateTree(tree, {
    name: ({ name }) => {
      const value = row[name]
      if (value === undefined) throw new Error(`no column ${name}`)
      return value
    },
    metric: () => {
      throw new Error('no metric within an expression of a model')
    },
  })
}

export function entityValue({ layer }: World, model: string, entity: string, row: Row): Value {
  return evaluateExpression(modelOf(layer, model).entities[entity]?.expr ?? entity, row)
}

/** Moments in the question's zone and cut to the dimension's own grain. */
export function dimensionValue(world: World, model: string, name: string, row: Row): Value {
  const dimension = modelOf(world.layer, model).dimensions[name]
  if (dimension === undefined) throw new Error(`${model} has no dimension ${name}`)
  const value = evaluateExpression(dimension.expr ?? name, row)
  if (dimension.type !== 'time' || value === null) return value
  const { ms } = momentOf(value)
  const local = dimension.zone === undefined ? ms : convertZone(ms, dimension.zone, world.zone)
  return { ms: startOf(local, dimension.grain) }
}

export function grainOf({ layer }: World, model: string, name: string): StandardGrain | undefined {
  const dimension = modelOf(layer, model).dimensions[name]
  return dimension?.type === 'time' ? dimension.grain : undefined
}

/** What an item says of a row of the start model; null where a join finds no partner. */
export function itemValue(world: World, item: Item, row: Row, start: string, time: string | undefined): Value {
  let known: { readonly model: string; readonly row: Row }[] = [{ model: start, row }]
  for (const hop of item.hops) {
    const found = partnersOf(world, hop, known).find((partner) => isValidAt(world, hop.to, partner, start, row, time))
    if (found === undefined) return null
    known = [...known, { model: hop.to, row: found }]
  }
  const last = known.at(-1)?.row ?? row
  return item.kind === 'entity'
    ? entityValue(world, item.model, item.element, last)
    : dimensionValue(world, item.model, item.element, last)
}

/** The rows with the same key, and with the same partitions as every row on the way. */
export function partnersOf(
  world: World,
  hop: Hop,
  known: readonly { readonly model: string; readonly row: Row }[],
): readonly Row[] {
  const from = known.find(({ model }) => model === hop.from)
  if (from === undefined) return []
  const key = entityValue(world, hop.from, hop.entity, from.row)
  return rowsOf(world, hop.to).filter((row) => {
    if (!areEqual(key, entityValue(world, hop.to, hop.toEntity, row))) return false
    return partitionsOf(modelOf(world.layer, hop.to)).every((name) => {
      const partition = dimensionValue(world, hop.to, name, row)
      return known
        .filter(({ model }) => partitionsOf(modelOf(world.layer, model)).includes(name))
        .every((before) => areEqual(partition, dimensionValue(world, before.model, name, before.row)))
    })
  })
}

/** As SQL sees it: null equals nothing. */
export function areEqual(left: Value, right: Value): boolean {
  return left !== null && right !== null && compareValues(left, right) === 0
}

function isValidAt(world: World, model: string, row: Row, start: string, from: Row, time: string | undefined): boolean {
  const starts = validityOf(modelOf(world.layer, model), 'start')
  const ends = validityOf(modelOf(world.layer, model), 'end')
  if (starts === undefined || ends === undefined) return true
  if (time === undefined) return false
  const at = momentIn(world, start, time, from, { model, name: starts })
  const first = momentIn(world, model, starts, row, { model: start, name: time })
  const end = momentIn(world, model, ends, row, { model: start, name: time })
  return at !== null && first !== null && at.ms >= first.ms && (end === null || at.ms < end.ms)
}

/** Uncut. Two dimensions with zones are compared as instants, others as their clocks show them. */
function momentIn(
  { layer }: World,
  model: string,
  name: string,
  row: Row,
  beside: { readonly model: string; readonly name: string },
): Moment | null {
  const zoneOf = (one: { readonly model: string; readonly name: string }): string | undefined => {
    const dimension = modelOf(layer, one.model).dimensions[one.name]
    return dimension?.type === 'time' ? dimension.zone : undefined
  }
  const value = evaluateExpression(modelOf(layer, model).dimensions[name]?.expr ?? name, row)
  if (value === null) return null
  const { ms } = momentOf(value)
  const zone = zoneOf({ model, name })
  return { ms: zone === undefined || zoneOf(beside) === undefined ? ms : convertZone(ms, zone, 'UTC') }
}
