import type { StandardGrain } from '../condition/tree.ts'
import { column, fromQuery, literal, select, type Query, type Source, type Sql } from '../sql/sql.ts'
import { calendarFor, calendarQuery } from './calendars.ts'
import type { Context } from './context.ts'

/** First and last time that a spine without a calendar has. */
export interface Bounds {
  readonly first: Sql
  readonly last: Sql
}

/** Where a calendar has them. */
export const nowhere: Bounds = { first: literal(null), last: literal(null) }

export const hasCalendar = (context: Context, grain: StandardGrain): boolean =>
  calendarFor(context, grain) !== undefined

/** Column `t`: every period of a grain, from the calendar or between the bounds. */
export function spine(context: Context, grain: StandardGrain, alias: string, bounds: Bounds): Source {
  const name = calendarFor(context, grain)
  if (name === undefined) return series(grain, alias, bounds)
  const moments = calendarQuery(context, name)
  if (context.layer.calendars[name]?.grain === grain) return fromQuery(alias, moments)
  const t: Sql = { kind: 'truncate', of: column('t', 'm'), grain }
  return fromQuery(alias, select({ columns: [{ name: 't', sql: t }], from: fromQuery('m', moments), distinct: true }))
}

/** From when to when `spine` goes. */
export function spineBounds(context: Context, grain: StandardGrain, bounds: Bounds): Bounds {
  const name = calendarFor(context, grain)
  return name === undefined ? bounds : boundsOf(fromQuery('m', calendarQuery(context, name)), 't')
}

/** Every period between the bounds, whatever calendars there are. */
export function series(grain: StandardGrain, alias: string, bounds: Bounds): Source {
  const cut = (of: Sql): Sql => ({ kind: 'truncate', of, grain })
  return { alias, from: { kind: 'series', first: cut(bounds.first), last: cut(bounds.last), grain } }
}

/** The first and last value of a column. */
export function boundsOf(from: Source, name: string): Bounds {
  const one = (aggregate: 'min' | 'max'): Sql => {
    const of = column(name, from.alias)
    const query: Query = select({ columns: [{ name: 't', sql: { kind: 'aggregate', aggregate, of } }], from })
    return { kind: 'subquery', query }
  }
  return { first: one('min'), last: one('max') }
}
