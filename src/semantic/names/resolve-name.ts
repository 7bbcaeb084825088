import type { MetricLayer } from '../../../schemas/metrics.ts'
import { nearest } from '../../core/nearest.ts'
import { dateParts, grains, type DatePart, type StandardGrain } from '../condition/tree.ts'
import { nameOf } from '../find-faults.ts'
import { refuse } from '../refuse.ts'
import { identitiesOf, listColumns, type Reachable } from './list-columns.ts'

/** What a name asks for: `{ name: 'listing__created_at', path: [], grain: 'month' }`. */
export interface NameRequest {
  readonly name: string
  readonly path: readonly string[]
  readonly grain: string | undefined
  readonly part: DatePart | undefined
}

/** How a time is cut: into a standard period, one of a calendar, or a part of the date. */
export interface Cut {
  readonly grain?: StandardGrain | undefined
  readonly period?: { readonly calendar: string; readonly name: string } | undefined
  readonly part?: DatePart | undefined
}

/** A name, found for each base it was asked of. */
export interface Resolved {
  /** Whole, without its cut: `metric_time`, `listing__user__home_state`. */
  readonly name: string
  readonly kind: Reachable['kind']
  /** undefined: as the time dimension itself, or no time at all. */
  readonly cut: Cut | undefined
  /** By base model; undefined for metric_time, which each measure has its own of. */
  readonly columns: ReadonlyMap<string, Reachable> | undefined
}

export interface NameScope {
  readonly layer: MetricLayer
  /** Models that all have to reach what is named. */
  readonly bases: readonly string[]
  /** Whether the asker may know of an item of a model. */
  readonly sees: (model: string, item: string) => boolean
}

export const metricTime = 'metric_time'

/** Finds what every base reaches by this name; refuses what none or two do. */
export function resolveName(request: NameRequest, scope: NameScope): Resolved {
  const written = [...request.path, request.name].join('__')
  const readings = readName(request, scope.layer)
  for (const { words, cut } of readings) {
    if (words.length === 1 && words[0] === metricTime)
      return { name: metricTime, kind: 'time', cut, columns: undefined }
    const found = findColumns(words, scope)
    if (found === undefined) continue
    if (cut !== undefined && found.kind !== 'time') continue
    return { ...found, cut }
  }
  return refuseUnknown(written, readings[0]?.words ?? [written], scope)
}

/** As it stands first, then with its end read as a grain or a part. */
function readName(
  { name, path, grain, part }: NameRequest,
  layer: MetricLayer,
): readonly { words: readonly string[]; cut: Cut | undefined }[] {
  const words = [...path, ...name.split('__')]
  if (part !== undefined) return [{ words, cut: { part } }]
  if (grain !== undefined) {
    const cut = readGrain(grain, layer)
    return cut === undefined
      ? refuse('unsupported', `There is no grain ${grain}.`, [...grains, ...periodsOf(layer)])
      : [{ words, cut }]
  }
  const last = words.at(-1) ?? ''
  const rest = words.slice(0, -1)
  if (rest.length === 0) return [{ words, cut: undefined }]
  const partName = last.startsWith('extract_') ? dateParts.find((one) => last === `extract_${one}`) : undefined
  const cut = partName === undefined ? readGrain(last, layer) : { part: partName }
  return cut === undefined
    ? [{ words, cut }]
    : [
        { words, cut: undefined },
        { words: rest, cut },
      ]
}

function readGrain(name: string, layer: MetricLayer): Cut | undefined {
  const grain = grains.find((one) => one === name)
  if (grain !== undefined) return { grain }
  const calendar = Object.entries(layer.calendars).find(([, { periods }]) => Object.hasOwn(periods, name))?.[0]
  return calendar === undefined ? undefined : { period: { calendar, name } }
}

const periodsOf = (layer: MetricLayer): readonly string[] =>
  Object.values(layer.calendars).flatMap(({ periods }) => Object.keys(periods))

/** The column's name in an answer. */
export function answerName({ name, cut }: Resolved): string {
  if (cut === undefined) return name
  if (cut.part !== undefined) return `${name}__extract_${cut.part}`
  return `${name}__${cut.grain ?? cut.period?.name ?? ''}`
}

type Found = Pick<Resolved, 'name' | 'kind' | 'columns'>

function findColumns(words: readonly string[], scope: NameScope): Found | undefined {
  const perBase = scope.bases.map((base) => ({ base, matches: matching(words, base, scope) }))
  const first = perBase[0]
  if (first === undefined) return undefined
  const everywhere = [...new Set(first.matches.map((match) => match.name))].filter((name) =>
    perBase.every(({ matches }) => matches.some((match) => match.name === name)),
  )
  if (everywhere.length === 0) return perBase.length > 1 ? findApart(words, perBase) : undefined
  const lengthOf = (name: string): number => first.matches.find((match) => match.name === name)?.links.length ?? 0
  const shortest = Math.min(...everywhere.map(lengthOf))
  const names = everywhere.filter((name) => lengthOf(name) === shortest)
  const [name] = names
  if (name === undefined) return undefined
  if (names.length > 1 && !perBase.every(({ matches }) => sameColumn(names, matches))) {
    refuse('ambiguous', `${words.join('__')} could be any of ${names.join(', ')}; name one.`, names)
  }
  const columns = new Map(
    perBase.map(({ base, matches }) => {
      const ways = matches.filter((match) => match.name === name)
      const [way, other] = ways
      if (other !== undefined && way !== undefined) {
        const models = ways.map((one) => [...one.reach.hops.map((hop) => hop.model), one.item].join('.'))
        refuse('ambiguous', `${name} can be reached in more than one way from ${base}: ${models.join(' or ')}.`)
      }
      return [base, way]
    }),
  )
  refuseDifferent(name, [...columns.values()], scope)
  const present = new Map([...columns].flatMap(([base, way]) => (way === undefined ? [] : [[base, way] as const])))
  return { name, kind: [...present.values()][0]?.kind ?? 'dimension', columns: present }
}

interface BaseMatches {
  readonly base: string
  readonly matches: readonly Reachable[]
}

/** Each base's own nearest, where all of them end in the same model: customers of orders, and of orders' refunds. */
function findApart(words: readonly string[], perBase: readonly BaseMatches[]): Found | undefined {
  const nearestOf = ({ base, matches }: BaseMatches): readonly [string, Reachable] | undefined => {
    const shortest = Math.min(...matches.map(({ links }) => links.length))
    const [only, other] = matches.filter(({ links }) => links.length === shortest)
    return only === undefined || other !== undefined ? undefined : [base, only]
  }
  const found = perBase.flatMap((one) => {
    const nearest = nearestOf(one)
    return nearest === undefined ? [] : [nearest]
  })
  const [first] = found
  if (first === undefined || found.length < perBase.length || words.length < 2) return undefined
  const [, { reach, item, kind }] = first
  if (found.some(([, one]) => one.reach.model !== reach.model || one.item !== item || one.kind !== kind))
    return undefined
  return { name: words.join('__'), kind, columns: new Map(found) }
}

/** One name, two things: `seller` that is a store to one metric and an account to another. */
function refuseDifferent(name: string, ways: readonly (Reachable | undefined)[], { layer }: NameScope): void {
  const meanings = ways.map((way) => {
    if (way === undefined) return ''
    if (way.kind !== 'entity') return `${way.reach.model}.${way.item}`
    return layer.models[way.reach.model]?.entities[way.item]?.of ?? way.item
  })
  if (new Set(meanings).size > 1)
    refuse('ambiguous', `${name} is not the same to every metric: ${[...new Set(meanings)].join(' or ')}.`)
}

/** A model's own dimension may go by several of its identities. */
function sameColumn(names: readonly string[], matches: readonly Reachable[]): boolean {
  const found = matches.filter((match) => names.includes(match.name))
  return found.every(
    (match) => match.reach.hops.length === 0 && match.item === found[0]?.item && match.kind === found[0].kind,
  )
}

function matching(words: readonly string[], base: string, { layer, sees }: NameScope): readonly Reachable[] {
  const item = words.at(-1) ?? ''
  const links = words.slice(0, -1)
  const model = layer.models[base]
  const identities = model === undefined ? [] : identitiesOf(model)
  return listColumns(layer, base).filter((column) => {
    if (column.item !== item || !sees(column.reach.model, item)) return false
    if (endsWith(column.links, links)) return true
    // `view__listing`: an entity of the model itself, after the model's own identity.
    const [only, more] = links
    return (
      column.kind === 'entity' &&
      column.links.length === 0 &&
      more === undefined &&
      only !== undefined &&
      identities.includes(only)
    )
  })
}

const endsWith = (links: readonly string[], end: readonly string[]): boolean =>
  end.length <= links.length && end.every((link, index) => link === links[links.length - end.length + index])

function refuseUnknown(written: string, words: readonly string[], scope: NameScope): never {
  const lists = scope.bases.map((base) =>
    listColumns(scope.layer, base)
      .filter((column) => scope.sees(column.reach.model, column.item))
      .map((column) => column.name),
  )
  const common = [...new Set(lists[0] ?? [])].filter((name) => lists.every((list) => list.includes(name)))
  const near = closest(written, common)
  const meant = readName({ name: written, path: [], grain: undefined, part: undefined }, scope.layer).map(
    (reading) => reading.words,
  )
  const holder = Object.entries(scope.layer.models).find(([model, { dimensions, entities, primary }]) =>
    [words, ...meant].some((names) => {
      const item = names.at(-1) ?? ''
      const link = names.at(-2)
      const linked = link === undefined || link === primary || Object.hasOwn(entities, link)
      return linked && scope.sees(model, item) && (Object.hasOwn(dimensions, item) || Object.hasOwn(entities, item))
    }),
  )
  if (holder === undefined) return refuse('unreachable', `There is no ${written}.`, near)
  const short = scope.bases.filter((base) => matching(words, base, scope).length === 0)
  const why = `a row of ${(short.length === 0 ? scope.bases : short).join(' or ')} may meet several rows of ${holder[0]}, and would be counted with each`
  const metrics = metricsBy(words, scope)
  return refuse('fan_out', `${written} cannot be asked here: ${why}.`, [...metrics, ...near].slice(0, 8))
}

/** Up to three simple metrics that can be asked by this name. */
function metricsBy(words: readonly string[], { layer, sees }: NameScope): readonly string[] {
  const reaches = (measure: string): boolean =>
    Object.entries(layer.models).some(
      ([model, { measures }]) =>
        Object.hasOwn(measures, measure) &&
        sees(model, measure) &&
        matching(words, model, { layer, sees, bases: [model] }).length > 0,
    )
  return Object.entries(layer.metrics)
    .flatMap(([name, metric]) => (metric.type === 'simple' && reaches(nameOf(metric.measure)) ? [name] : []))
    .slice(0, 3)
}

/** Up to eight names, the likeliest first: like it, or with a last word like its own, then the shortest. */
function closest(written: string, names: readonly string[]): readonly string[] {
  const like = nearest(written, names)
  const last = lastWord(written)
  const likeLast = nearest(last, names.map(lastWord))
  const rank = (name: string): number => {
    if (name === like) return 0
    return name.endsWith(last) || lastWord(name) === likeLast ? 1 : 2
  }
  return names.toSorted((a, b) => rank(a) - rank(b) || a.length - b.length || (a < b ? -1 : 1)).slice(0, 8)
}

const lastWord = (name: string): string => name.split('__').at(-1) ?? ''
