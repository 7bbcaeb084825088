import type { Model } from '../../../schemas/metrics.ts'
import type { Reachable } from '../names/list-columns.ts'
import { partitionsOf, validityOf, type Hop, type Reach } from '../names/reach-models.ts'
import { refuse } from '../refuse.ts'
import {
  column,
  isNull,
  literal,
  operation,
  select,
  type Joined,
  type Named,
  type Source,
  type Sql,
} from '../sql/sql.ts'
import type { Context } from './context.ts'
import { expressionOf } from './expression-of.ts'
import { policyOf } from './policy.ts'

interface Scan {
  readonly alias: string
  readonly model: string
  readonly columns: Map<string, Sql>
}

interface JoinedScan extends Scan {
  readonly on: readonly Sql[]
}

/**
 * The rows of a model with what the joins add. Asking it for a column adds what is needed to have it; `source` and `joins`
 * are complete when everything has been asked for.
 */
export interface RowScope {
  readonly model: string
  dimension(found: Reachable): Sql
  /** An expression of the base model, such as a measure's. */
  own(name: string, expression: string): Sql
  /** A time dimension of the base model as a timestamp, in the answer's zone. */
  time(dimension: string): Sql
  /** Adds a join of the caller's own; gives its alias. */
  readonly join: (joined: (alias: string) => Joined) => string
  source(): Source
  joins(): readonly Joined[]
}

/** `metrics`: whether measures are aggregated over these rows, which then must not be multiplied. */
export function openRows(
  context: Context,
  model: string,
  { time, metrics }: { readonly time: string | undefined; readonly metrics: boolean },
): RowScope {
  const base: Scan = { alias: 'b', model, columns: new Map() }
  const scans = new Map<string, Scan>([['', base]])
  const joined: (JoinedScan | Joined)[] = []

  const reach = ({ hops }: Reach): Scan =>
    hops.reduce<Scan>((from, hop, index) => {
      const key = hops
        .slice(0, index + 1)
        .map((one) => `${one.entity}>${one.model}`)
        .join('|')
      const known = scans.get(key)
      if (known !== undefined) return known
      const before = [base, ...hops.slice(0, index).map((_, at) => scanAt(hops, at))]
      const scan: Scan = { alias: `j${String(scans.size)}`, model: hop.model, columns: new Map() }
      scans.set(key, scan)
      joined.push({ ...scan, on: matchRows(from, scan, hop, before) })
      return scan
    }, base)
  const scanAt = (hops: readonly Hop[], at: number): Scan =>
    scans.get(
      hops
        .slice(0, at + 1)
        .map((one) => `${one.entity}>${one.model}`)
        .join('|'),
    ) ?? base

  const matchRows = (from: Scan, to: Scan, hop: Hop, before: readonly Scan[]): readonly Sql[] => [
    operation('=', entityOf(context, from, hop.entity), entityOf(context, to, hop.key)),
    ...matchPartitions(context, before, to, metrics),
    ...matchValidity(context, base, to, time),
  ]

  const timeOf = (scan: Scan, name: string): Sql => timeColumn(context, scan, name)
  return {
    model,
    dimension: ({ item, kind, reach: way }) => {
      const scan = reach(way)
      if (kind === 'entity') return entityOf(context, scan, item)
      return kind === 'time' ? timeOf(scan, item) : dimensionOf(context, scan, item)
    },
    own: (name, expression) => put(base, name, expressionOf(expression)),
    time: (name) => timeOf(base, name),
    join: (make) => {
      const alias = `x${String(joined.length + 1)}`
      joined.push(make(alias))
      return alias
    },
    source: () => scanSource(context, base),
    joins: () => joined.map((one) => ('from' in one ? one : { ...scanSource(context, one), join: 'left', on: one.on })),
  }
}

const modelOf = (context: Context, scan: Scan): Model => {
  const model = context.layer.models[scan.model]
  if (model === undefined) throw new Error(`There is no model ${scan.model}`)
  return model
}

function put(scan: Scan, name: string, sql: Sql): Sql {
  scan.columns.set(name, sql)
  return column(name, scan.alias)
}

function entityOf(context: Context, scan: Scan, name: string): Sql {
  return put(scan, name, expressionOf(modelOf(context, scan).entities[name]?.expr ?? name))
}

function dimensionOf(context: Context, scan: Scan, name: string): Sql {
  return put(scan, name, expressionOf(modelOf(context, scan).dimensions[name]?.expr ?? name))
}

function timeColumn(context: Context, scan: Scan, name: string): Sql {
  const dimension = modelOf(context, scan).dimensions[name]
  const zone = dimension?.type === 'time' ? dimension.zone : undefined
  const stored: Sql = { kind: 'cast', of: expressionOf(dimension?.expr ?? name), to: 'timestamp' }
  if (zone === undefined) {
    if (context.zoneAsked) {
      refuse(
        'time_zone',
        `${scan.model}.${name} holds local times, which no zone can be given; leave the time zone out.`,
      )
    }
    return put(scan, name, stored)
  }
  return put(
    scan,
    name,
    zone === context.timeZone ? stored : { kind: 'zoned', of: stored, from: zone, to: context.timeZone },
  )
}

/** A partitioned model's key is unique within each partition only. */
function matchPartitions(context: Context, before: readonly Scan[], to: Scan, metrics: boolean): readonly Sql[] {
  return partitionsOf(modelOf(context, to)).flatMap((name) => {
    const partner = before.findLast((scan) => partitionsOf(modelOf(context, scan)).includes(name))
    if (partner === undefined) {
      if (!metrics) return []
      const message = `${to.model} is partitioned by ${name}, and ${before[0]?.model ?? ''} has no such partition: a row would be counted once for each.`
      return refuse('fan_out', message)
    }
    if (!metrics && partner !== before.at(-1)) {
      const message = `${to.model} and ${partner.model} are both partitioned by ${name}, with another model between them; ask with a metric.`
      return refuse('unsupported', message)
    }
    return [operation('=', partition(context, partner, name), partition(context, to, name))]
  })
}

function partition(context: Context, scan: Scan, name: string): Sql {
  const dimension = modelOf(context, scan).dimensions[name]
  const stored: Sql = { kind: 'cast', of: expressionOf(dimension?.expr ?? name), to: 'timestamp' }
  const sql = put(scan, `${name} partition`, stored)
  return dimension?.type === 'time' ? { kind: 'truncate', of: sql, grain: dimension.grain } : sql
}

function matchValidity(context: Context, base: Scan, to: Scan, time: string | undefined): readonly Sql[] {
  const validity = validityOf(modelOf(context, to))
  if (validity === undefined) return []
  if (time === undefined)
    return refuse('needs_time', `${to.model} holds from one date to another; ask for it with a metric that has a time.`)
  const at = timeColumn(context, base, time)
  const end = timeColumn(context, to, validity.end)
  return [
    operation('>=', at, timeColumn(context, to, validity.start)),
    operation('or', operation('<', at, end), isNull(end)),
  ]
}

export function tableOf(context: Context, name: string): Source['from'] {
  const model = context.layer.models[name]
  context.models.add(name)
  if (model?.table !== undefined) {
    context.tables.add(model.table)
    return { kind: 'table', table: model.table }
  }
  return { kind: 'native', sql: model?.query ?? '' }
}

function scanSource(context: Context, { alias, model, columns }: Scan): Source {
  const named: Named[] = [...columns].map(([name, sql]) => ({ name, sql }))
  const query = select({
    columns: named.length === 0 ? [{ name: 'one', sql: literal(1) }] : named,
    from: { alias: 't', from: tableOf(context, model) },
    where: policyOf(context, model),
  })
  return { alias, from: { kind: 'query', query } }
}
