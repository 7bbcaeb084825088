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
  const asked = readName(world, text)
  if (asked.parts.join() === 'metric_time') return resolveMetricTime(world, scopes, asked, defaultGrain)
  const candidates = scopes.map((scope) => itemsByName(world, scope, asked, mayFanOut))
  const shared = [...(candidates[0]?.keys() ?? [])].filter((name) => candidates.every((found) => found.has(name)))
  if (shared.length === 0) throw new Refused(reasonOfNone(world, scopes, asked), `${text} is not reached`)
  const least = Math.min(...shared.map(lengthOf))
  const nearest = shared.filter((name) => lengthOf(name) === least)
  const ways = new Set(nearest.map((name) => candidates.map((found) => found.get(name)?.map(placeOf).join()).join('|')))
  const name = nearest[0] ?? ''
  const items = candidates.flatMap((found) => found.get(name) ?? [])
  if (ways.size > 1 || items.length > scopes.length) throw new Refused('ambiguous', `${text} has several meanings`)
  if (new Set(items.map((item) => meaningOf(world, item))).size > 1) {
    throw new Refused('ambiguous', `${text} differs from metric to metric`)
  }
  return columnOf(world, scopes, asked, name, items)
}

const lengthOf = (name: string): number => name.split('__').length

/** What a scope has under the name that is asked for, by whole name. */
function itemsByName(world: World, scope: Scope, { parts }: Asked, mayFanOut: boolean): Map<string, Item[]> {
  const items = reachableItems(world.layer, scope.model).filter(
    (item) => (mayFanOut || !(item.isFanOut || needsTime(world, scope, item))) && isNamed(world, scope, item, parts),
  )
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
const needsTime = ({ layer }: World, { time }: Scope, { hops }: Item): boolean =>
  time === undefined && hops.some(({ to }) => validityOf(modelOf(layer, to), 'start') !== undefined)

function reasonOfNone(world: World, scopes: readonly Scope[], asked: Asked): 'fan_out' | 'unreachable' {
  return scopes.every((scope) => itemsByName(world, scope, asked, true).size > 0) &&
    scopes.some((scope) => itemsByName(world, scope, asked, false).size === 0)
    ? 'fan_out'
    : 'unreachable'
}

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
