import { grains, type StandardGrain } from '../condition/tree.ts'
import type { Cut } from '../names/resolve-name.ts'
import { refuse } from '../refuse.ts'
import { column, fromQuery, operation, select, type Joined, type Query, type Sql } from '../sql/sql.ts'
import { finer, rank, type Context } from './context.ts'
import { expressionOf } from './expression-of.ts'

/** A select of one row a moment of a calendar: `t`, and its own periods under their names. */
export function calendarQuery(context: Context, name: string): Query {
  const calendar = context.layer.calendars[name]
  if (calendar === undefined) throw new Error(`There is no calendar ${name}`)
  context.tables.add(calendar.table)
  const moment: Sql = { kind: 'cast', of: expressionOf(calendar.column), to: 'timestamp' }
  return select({
    columns: [
      { name: 't', sql: moment },
      ...Object.entries(calendar.periods).map(([period, expression]) => ({
        name: period,
        sql: expressionOf(expression),
      })),
    ],
    from: { alias: 'c', from: { kind: 'table', table: calendar.table } },
  })
}

/** The calendar with the coarsest grain that still has every period of this one. */
export function calendarFor(context: Context, grain: StandardGrain): string | undefined {
  return Object.entries(context.layer.calendars)
    .filter(
      ([, { connection, grain: has }]) =>
        (connection ?? context.connection) === context.connection && holds(has, grain),
    )
    .toSorted(([, a], [, b]) => rank(b.grain) - rank(a.grain))[0]?.[0]
}

/** Whether every period of the coarse grain begins with one of the fine. */
function holds(fine: StandardGrain, coarse: StandardGrain): boolean {
  if (fine === coarse) return true
  return rank(fine) < rank(coarse) && !(fine === 'week' && rank(coarse) > rank('week'))
}

/** Cuts times, joining calendars where their own periods are asked for. */
export interface Cutter {
  cut(time: Sql, cut: Cut): Sql
  readonly joins: readonly Joined[]
}

export function openCutter(context: Context, add?: (make: (alias: string) => Joined) => string): Cutter {
  const joins: Joined[] = []
  const join =
    add ??
    ((make: (alias: string) => Joined): string => {
      const alias = `k${String(joins.length + 1)}`
      joins.push(make(alias))
      return alias
    })
  const known = new Map<string, string>()
  return {
    joins,
    cut: (time, { grain, part, period }) => {
      if (part !== undefined) return { kind: 'extract', of: time, part }
      if (grain !== undefined) return { kind: 'truncate', of: time, grain }
      if (period === undefined) return time
      const key = JSON.stringify([time, period.calendar])
      const alias =
        known.get(key) ??
        join((name) => {
          const calendar = context.layer.calendars[period.calendar]
          const of: Sql = { kind: 'truncate', of: time, grain: calendar?.grain ?? 'day' }
          const on = [operation('=', of, column('t', name))]
          return { ...fromQuery(name, calendarQuery(context, period.calendar)), join: 'left', on }
        })
      known.set(key, alias)
      return column(period.name, alias)
    },
  }
}

/** The coarsest times that this can be cut from. */
export function grainOf(context: Context, { grain, part, period }: Cut): StandardGrain {
  if (grain !== undefined) return grain
  if (period !== undefined) return context.layer.calendars[period.calendar]?.grain ?? 'day'
  return part === undefined || part === 'dow' || part === 'doy' ? 'day' : part
}

/** The coarsest times that all of these can be cut from: weeks make up nothing but weeks. */
export function grainOfAll(context: Context, cuts: readonly Cut[]): StandardGrain {
  const wanted = cuts.map((cut) => grainOf(context, cut))
  const finest = wanted.reduce(finer)
  return finest === 'week' && wanted.some((grain) => grain !== 'week') ? 'day' : finest
}

export function standardGrain(unit: string): StandardGrain {
  return (
    grains.find((grain) => grain === unit) ??
    refuse('unsupported', `${unit} is no unit that time can be moved by here.`)
  )
}
