import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Access } from '../plan/access.ts'
import type { Cut } from '../names/resolve-name.ts'
import type { StandardGrain } from '../condition/tree.ts'
import type { Dialect } from '../sql/dialect.ts'
import type { Query } from '../sql/sql.ts'

/** What the parts of one statement share while it is built. */
export interface Context {
  readonly layer: MetricLayer
  readonly access: Access
  /** The one that everything is read from. */
  readonly connection: string | undefined
  readonly dialect: Dialect
  /** Zone that periods are cut in. */
  readonly timeZone: string
  /** Whether the caller named it. */
  readonly zoneAsked: boolean
  /** What metric_time is cut into where a name gives no grain. */
  readonly defaultCut: Cut
  /** First moment, and the first moment after the last, as local timestamps. */
  readonly from: string | undefined
  readonly until: string | undefined
  /** Common table expressions so far; each may use those before it. */
  readonly common: { readonly name: string; readonly query: Query }[]
  /** Tables and models that are read. */
  readonly tables: Set<string>
  readonly models: Set<string>
}

/** A number that no other part of the statement has. */
const nextName = (context: Context, prefix: string): string => `${prefix}${String(context.common.length + 1)}`

export function shareQuery(context: Context, prefix: string, query: Query): string {
  const name = nextName(context, prefix)
  context.common.push({ name, query })
  return name
}

const order: readonly StandardGrain[] = [
  'millisecond',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
]
/** Weeks are finer than months here, though months do not consist of them. */
export const rank = (grain: StandardGrain): number => order.indexOf(grain)
export const coarser = (a: StandardGrain, b: StandardGrain): StandardGrain => (rank(a) >= rank(b) ? a : b)
export const finer = (a: StandardGrain, b: StandardGrain): StandardGrain => (rank(a) <= rank(b) ? a : b)
