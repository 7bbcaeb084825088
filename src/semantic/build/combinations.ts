import { namesIn } from '../condition/visit-tree.ts'
import type { Model } from '../../../schemas/metrics.ts'
import type { StandardGrain, Tree } from '../condition/tree.ts'
import type { Reachable } from '../names/list-columns.ts'
import { partitionsOf, type Hop } from '../names/reach-models.ts'
import { metricTime, resolveName, type NameRequest, type NameScope } from '../names/resolve-name.ts'
import { askedOf, type Asked } from '../plan/asked.ts'
import { RefusalSignal, refuse } from '../refuse.ts'
import {
  column,
  fromQuery,
  isNull,
  literal,
  operation,
  select,
  type Joined,
  type Named,
  type Query,
  type Select,
  type Sql,
} from '../sql/sql.ts'
import { calendarFor, calendarQuery, grainOfAll, openCutter, type Cutter } from './calendars.ts'
import { ownCut } from './conditions.ts'
import type { Context } from './context.ts'
import { expressionOf } from './expression-of.ts'
import { policyOf } from './policy.ts'
import { openRows, tableOf, type RowScope } from './row-scope.ts'
import { withinTime } from './within-time.ts'
import { writeTree } from './write-tree.ts'

/** A question for combinations of columns, without a metric. */
export interface Combination {
  readonly asked: readonly NameRequest[]
  readonly where: Tree | undefined
  readonly distinct: boolean
  readonly sees: NameScope['sees']
  /** Models that the asker may know of. */
  readonly models: readonly string[]
}

/** The one model from which everything is reached over the fewest joins. */
function baseOf(context: Context, { asked, where, sees, models }: Combination): string | undefined {
  const requests = [...asked, ...(where === undefined ? [] : namesIn(where))].filter(
    ({ name }) => !isMetricTimeName(name),
  )
  if (requests.length === 0) return undefined
  const reachable = models.flatMap((model) => {
    const hops = countHops(requests, { layer: context.layer, bases: [model], sees }, model)
    return hops === undefined ? [] : [{ model, hops }]
  })
  const fewest = Math.min(...reachable.map(({ hops }) => hops))
  const [base, other] = reachable.filter(({ hops }) => hops === fewest)
  if (base === undefined) {
    return refuse('unreachable', `No model reaches all of ${requests.map(({ name }) => name).join(', ')}.`)
  }
  if (other !== undefined) {
    const message = `They meet in ${base.model} and in ${other.model}, which combine them differently; ask with a metric.`
    return refuse('ambiguous', message)
  }
  return base.model
}

const isMetricTimeName = (name: string): boolean => name === metricTime || name.startsWith(`${metricTime}__`)

function countHops(requests: readonly NameRequest[], scope: NameScope, model: string): number | undefined {
  try {
    const columns = requests.map((request) => resolveName(request, scope).columns?.get(model))
    const hops = columns.flatMap((one) =>
      one === undefined ? [] : one.reach.hops.map((_, at) => pathOf(one.reach.hops.slice(0, at + 1))),
    )
    return new Set(hops).size
  } catch (error) {
    if (error instanceof RefusalSignal) return undefined
    throw error
  }
}

const pathOf = (hops: readonly Hop[]): string => hops.map(({ entity, model }) => `${entity}>${model}`).join('|')

export interface Combined {
  readonly query: Select
  readonly asked: readonly Asked[]
}

export function buildCombinations(context: Context, combination: Combination): Combined {
  const model = baseOf(context, combination)
  const scope: NameScope = { layer: context.layer, bases: model === undefined ? [] : [model], sees: combination.sees }
  const asked = combination.asked.map((request) => {
    const resolved = resolveName(request, scope)
    if (resolved.columns === undefined) return askedOf(resolved, resolved.cut ?? context.defaultCut)
    if (resolved.kind !== 'time') return askedOf(resolved, undefined)
    return askedOf(resolved, resolved.cut ?? ownCut(context, resolved, { model: model ?? '' }))
  })
  const request: PartRequest = { asked, where: combination.where, scope, model: model ?? '' }
  const prefixes = model === undefined ? [] : prefixesOf(usedColumns(request))
  const parts =
    model === undefined
      ? [calendarOnly(context, request)]
      : [part(context, request, []), ...prefixes.map((hops) => part(context, request, hops))]
  const [only, more] = parts
  if (only !== undefined && more === undefined) return { query: { ...only, distinct: combination.distinct }, asked }
  const columns: readonly Named[] = asked.map(({ name }) => ({ name, sql: column(name, 'u') }))
  return {
    query: select({ columns, from: fromQuery('u', { kind: 'union', parts }), distinct: combination.distinct }),
    asked,
  }
}

interface PartRequest {
  readonly asked: readonly Asked[]
  readonly where: Tree | undefined
  readonly scope: NameScope
  readonly model: string
}

function usedColumns({ asked, where, scope, model }: PartRequest): readonly Reachable[] {
  const inWhere = where === undefined ? [] : namesIn(where).map((name) => resolveName(name, scope))
  return [...asked.map(({ resolved }) => resolved), ...inWhere].flatMap(({ columns }) => columns?.get(model) ?? [])
}

/** Every model on the way, once: each may have rows that no row of the one before it leads to. */
function prefixesOf(columns: readonly Reachable[]): readonly (readonly Hop[])[] {
  const prefixes = columns.flatMap(({ reach }) => reach.hops.map((_, at) => reach.hops.slice(0, at + 1)))
  return [...new Map(prefixes.map((hops) => [pathOf(hops), hops] as const)).values()]
}

/** Rows from one model on: of the base, or of one further on that nothing leads to. What lies before it is null. */
function part(context: Context, request: PartRequest, prefix: readonly Hop[]): Select {
  const { asked, where, scope, model } = request
  const start = prefix.at(-1)?.model ?? model
  const rows = openRows(context, start, { time: undefined, metrics: false })
  const cutter = openCutter(context, rows.join)
  const time = timeSource(context, rows, request)
  const names = (request: NameRequest): { sql: Sql; time: boolean } => {
    const resolved = resolveName(request, scope)
    const found = resolved.columns?.get(model)
    if (resolved.columns === undefined) {
      const cut = resolved.cut ?? context.defaultCut
      return { sql: cutter.cut(time(), cut), time: cut.part === undefined }
    }
    if (found === undefined || !startsWith(found.reach.hops, prefix)) return { sql: literal(null), time: false }
    const sql = rows.dimension({ ...found, reach: { ...found.reach, hops: found.reach.hops.slice(prefix.length) } })
    if (found.kind !== 'time') return { sql, time: false }
    const cut = resolved.cut ?? ownCut(context, resolved, { model })
    return { sql: cutter.cut(sql, cut), time: cut.part === undefined }
  }
  const columns: readonly Named[] = asked.map((one) => ({
    name: one.name,
    sql: askedSql(one, { names, cutter, time }),
  }))
  const conditions = where === undefined ? [] : [writeTree(where, { name: names, metric: () => refuseMetric() })]
  const bounded = context.from === undefined && context.until === undefined ? [] : withinTime(context, time())
  const orphan =
    prefix.length === 0
      ? []
      : [
          isNull(
            column(
              'k',
              rows.join((alias) => before(context, model, prefix, rows, alias)),
            ),
          ),
        ]
  return select({ columns, from: rows.source(), joins: rows.joins(), where: [...conditions, ...bounded, ...orphan] })
}

function refuseMetric(): never {
  return refuse('unsupported', 'A condition on a metric needs a metric to be asked for.')
}

const startsWith = (hops: readonly Hop[], prefix: readonly Hop[]): boolean =>
  pathOf(hops.slice(0, prefix.length)) === pathOf(prefix)

function askedSql(
  { resolved, cut }: Asked,
  {
    names,
    cutter,
    time,
  }: {
    readonly names: (request: NameRequest) => { readonly sql: Sql }
    readonly cutter: Cutter
    readonly time: () => Sql
  },
): Sql {
  if (resolved.columns === undefined) return cutter.cut(time(), cut ?? {})
  const [grain, part] = [cut?.grain ?? cut?.period?.name, cut?.part]
  return names({ name: resolved.name, path: [], grain, part }).sql
}

/** The rows of the model before, by the entity that leads here, and by the partitions of both. */
function before(context: Context, base: string, prefix: readonly Hop[], rows: RowScope, alias: string): Joined {
  const last = prefix.at(-1)
  const from = context.layer.models[prefix.at(-2)?.model ?? base]
  const target = context.layer.models[last?.model ?? '']
  if (last === undefined || from === undefined || target === undefined) throw new Error('Nothing leads here')
  const shared = partitionsOf(target).filter((name) => partitionsOf(from).includes(name))
  const query = select({
    columns: [
      { name: 'k', sql: expressionOf(from.entities[last.entity]?.expr ?? last.entity) },
      ...shared.map((name) => ({ name, sql: partitionOf(from, name) })),
    ],
    from: { alias: 't', from: tableOf(context, prefix.at(-2)?.model ?? base) },
    where: policyOf(context, prefix.at(-2)?.model ?? base),
  })
  const own = rows.own(last.key, target.entities[last.key]?.expr ?? last.key)
  const on = [
    operation('=', column('k', alias), own),
    ...shared.map((name) => {
      const at: Sql = {
        kind: 'cast',
        of: rows.own(`${name} partition`, target.dimensions[name]?.expr ?? name),
        to: 'timestamp',
      }
      return operation('=', column(name, alias), { kind: 'truncate', of: at, grain: grainOfPartition(target, name) })
    }),
  ]
  return { ...fromQuery(alias, query), join: 'left', on }
}

function grainOfPartition({ dimensions }: Model, name: string): StandardGrain {
  const dimension = dimensions[name]
  return dimension?.type === 'time' ? dimension.grain : 'day'
}

function partitionOf(model: Model, name: string): Sql {
  const at: Sql = { kind: 'cast', of: expressionOf(model.dimensions[name]?.expr ?? name), to: 'timestamp' }
  return { kind: 'truncate', of: at, grain: grainOfPartition(model, name) }
}

/** metric_time without a metric: every moment of a calendar, beside every row. */
function timeSource(context: Context, rows: RowScope, request: PartRequest): () => Sql {
  let alias: string | undefined
  return () => {
    alias ??= rows.join((name) => ({ ...fromQuery(name, moments(context, request)), join: 'cross', on: [] }))
    return column('t', alias)
  }
}

function moments(context: Context, { asked, where, scope }: PartRequest): Query {
  const inWhere = where === undefined ? [] : namesIn(where).map((name) => resolveName(name, scope))
  const spoken = [...asked.map(({ resolved, cut }) => ({ ...resolved, cut })), ...inWhere]
  const cuts = spoken.flatMap(({ columns, cut }) => (columns === undefined ? [cut ?? context.defaultCut] : []))
  const name = calendarFor(context, grainOfAll(context, cuts.length === 0 ? [context.defaultCut] : cuts))
  if (name === undefined) {
    return refuse('needs_time', 'metric_time without a metric needs a calendar; ask with a metric, or declare one.')
  }
  return calendarQuery(context, name)
}

function calendarOnly(context: Context, request: PartRequest): Select {
  const { asked, where, scope } = request
  const cutter = openCutter(context)
  const at = column('t', 'b')
  const from = fromQuery('b', moments(context, request))
  const columns = asked.map(({ name, cut }) => ({ name, sql: cutter.cut(at, cut ?? {}) }))
  const conditions =
    where === undefined
      ? []
      : [
          writeTree(where, {
            name: (tree) => {
              const cut = resolveName(tree, scope).cut ?? context.defaultCut
              return { sql: cutter.cut(at, cut), time: cut.part === undefined }
            },
            metric: () => refuseMetric(),
          }),
        ]
  return select({ columns, from, joins: cutter.joins, where: [...conditions, ...withinTime(context, at)] })
}
