import type { StandardGrain } from '../../../src/semantic/condition/tree.ts'
import { grainOfCut, nameOfCut, readName } from './cut.ts'
import type { Asked, Cut } from './cut.ts'
import { grainOf } from './find-row.ts'
import type { World } from './find-row.ts'
import { coarser, compareGrains } from './moment.ts'
import { keysOf, modelOf, reachableItems, validityOf } from './reachable.ts'
import type { Item } from './reachable.ts'
import { Refused } from './refused.ts'

/** Rows from which names are looked up. */
export interface Scope {
  readonly model: string
  readonly time: string | undefined
}

export interface Column {
  readonly name: string
  readonly kind: 'dimension' | 'entity' | 'time'
  readonly cut: Cut | undefined
  /** By scope, in order: where it is found; `metric_time` for the time of the scope's measure. */
  readonly sources: readonly (Item | 'metric_time')[]
}

/** What a name means for all of these at once. `defaultGrain` is that of a bare metric_time. */
export function resolveName(
  world: World,
  scopes: readonly Scope[],
  text: string,
  defaultGrain: StandardGrain,
  mayFanOut = false,
): Column {
  const readings = readName(world, text)
  const time = readings.find(({ parts }) => parts.join() === 'metric_time')
  if (time !== undefined) return resolveMetricTime(world, scopes, time, defaultGrain)
  for (const asked of readings) {
    const found = findItems(world, scopes, asked)
    if (found === undefined) continue
    const isFanOut = found.items.some((item, index) => item.isFanOut || needsTime(world, scopes[index], item))
    if (isFanOut && !mayFanOut) throw new Refused('fan_out', `${text} may be several rows`)
    return columnOf(world, scopes, asked, found.name, found.items)
  }
  throw new Refused('unreachable', `${text} is not reached`)
}

interface Found {
  readonly name: string
  readonly items: readonly Item[]
}

/** The nearest of a name that all scopes have; without one, each scope's own, where they are the same thing. */
function findItems(world: World, scopes: readonly Scope[], asked: Asked): Found | undefined {
  const candidates = scopes.map((scope) => itemsByName(world, scope, asked))
  const shared = [...(candidates[0]?.keys() ?? [])].filter((name) => candidates.every((found) => found.has(name)))
  const nearest = shortest(shared)
  const [name] = nearest
  if (name === undefined) {
    const items = asked.parts.length < 2 ? undefined : itemsApart(candidates)
    return items === undefined ? undefined : { name: asked.parts.join('__'), items }
  }
  const ways = new Set(nearest.map((one) => candidates.map((found) => found.get(one)?.map(placeOf).join()).join('|')))
  const items = candidates.flatMap((found) => found.get(name) ?? [])
  if (ways.size > 1 || items.length > scopes.length) throw new Refused('ambiguous', `${name} has several meanings`)
  if (new Set(items.map((item) => meaningOf(world, item))).size > 1) {
    throw new Refused('ambiguous', `${name} differs from metric to metric`)
  }
  return { name, items }
}

const lengthOf = (name: string): number => name.split('__').length

function shortest(names: readonly string[]): readonly string[] {
  const least = Math.min(...names.map(lengthOf))
  return names.filter((name) => lengthOf(name) === least)
}

/** Each scope's own nearest, where all of them are the same thing of the same model. */
function itemsApart(candidates: readonly ReadonlyMap<string, readonly Item[]>[]): readonly Item[] | undefined {
  const items = candidates.flatMap((found) => {
    const nearest = shortest([...found.keys()]).flatMap((name) => found.get(name) ?? [])
    return nearest.length === 1 ? nearest : []
  })
  const isSame = new Set(items.map(({ kind, model, element }) => [kind, model, element].join(' '))).size === 1
  return isSame && items.length === candidates.length ? items : undefined
}

/** What a scope has under the name that is asked for, by whole name. */
function itemsByName(world: World, scope: Scope, { parts }: Asked): Map<string, Item[]> {
  const items = reachableItems(world.layer, scope.model).filter((item) => isNamed(world, scope, item, parts))
  return Map.groupBy(items, (item) => item.parts.join('__'))
}

/** By its whole name or the end of it; an own entity also after what a row is: `view__listing`. */
function isNamed({ layer }: World, { model }: Scope, item: Item, asked: readonly string[]): boolean {
  if (item.parts.slice(-asked.length).join('__') === asked.join('__')) return true
  const [key = '', element, ...more] = asked
  const isOwn = item.kind === 'entity' && item.hops.length === 0 && item.element === element && more.length === 0
  return isOwn && keysOf(modelOf(layer, model)).includes(key)
}

/** Without a time of its own, a row meets any number of a validity model's. */
const needsTime = ({ layer }: World, scope: Scope | undefined, { hops }: Item): boolean =>
  scope?.time === undefined && hops.some(({ to }) => validityOf(modelOf(layer, to), 'start') !== undefined)

/** The same text for two names of the same thing. */
const placeOf = ({ hops, model, element }: Item): string =>
  [...hops.flatMap(({ entity, to }) => [entity, to]), model, element].join('/')

function meaningOf({ layer }: World, { kind, model, element }: Item): string {
  return kind === 'dimension' ? `${model}/${element}` : (modelOf(layer, model).entities[element]?.of ?? element)
}

function resolveMetricTime(world: World, scopes: readonly Scope[], asked: Asked, defaultGrain: StandardGrain): Column {
  const cut: Cut = asked.cut ?? { kind: 'grain', grain: defaultGrain }
  for (const { model, time } of scopes) {
    const grain = time === undefined ? undefined : grainOf(world, model, time)
    checkGrain(world, cut, grain, 'metric_time')
  }
  return {
    name: `metric_time__${nameOfCut(cut)}`,
    kind: 'time',
    cut,
    sources: scopes.map(() => 'metric_time'),
  }
}

function checkGrain(world: World, cut: Cut, grain: StandardGrain | undefined, name: string): void {
  if (grain === undefined || compareGrains(grainOfCut(world, cut), grain) < 0) {
    throw new Refused('unreachable', `${name} has no ${nameOfCut(cut)}`)
  }
}

function columnOf(world: World, scopes: readonly Scope[], asked: Asked, name: string, items: readonly Item[]): Column {
  const grains = items.map(({ kind, model, element }) =>
    kind === 'entity' ? undefined : grainOf(world, model, element),
  )
  const own = grains.reduce((one, other) =>
    one === undefined || other === undefined ? undefined : coarser(one, other),
  )
  const cut: Cut | undefined = asked.cut ?? (own === undefined ? undefined : { kind: 'grain', grain: own })
  if (cut !== undefined) checkGrain(world, cut, own, name)
  return {
    name: cut === undefined ? name : `${name}__${nameOfCut(cut)}`,
    kind: cut === undefined ? (items[0]?.kind ?? 'dimension') : 'time',
    cut,
    sources: items.map((item, index) => (isTimeOf(scopes[index], item) ? 'metric_time' : item)),
  }
}

/** A measure's own time dimension is metric_time, also by its own name. */
const isTimeOf = (scope: Scope | undefined, { kind, hops, element }: Item): boolean =>
  kind === 'dimension' && hops.length === 0 && element === scope?.time
