import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { StandardGrain } from '../../../src/semantic/condition/tree.ts'
import { momentOf } from './evaluate-tree.ts'
import { evaluateExpression } from './find-row.ts'
import type { World } from './find-row.ts'
import { compareGrains, startOf } from './moment.ts'
import { Refused } from './refused.ts'
import { keyOf } from './value.ts'
import type { Row, Value } from './value.ts'

export type Calendar = MetricLayer['calendars'][string]

/** The calendar that has a period of this name. */
export function calendarOf({ layer }: World, period: string): Calendar {
  const found = Object.values(layer.calendars).find(({ periods }) => period in periods)
  if (found === undefined) throw new Refused('unreachable', `no calendar has ${period}`)
  return found
}

/** The coarsest calendar of a connection whose moments are fine enough; undefined when there is none. */
export function calendarFor(
  { layer }: World,
  grain: StandardGrain,
  connection: string | undefined,
): Calendar | undefined {
  return Object.values(layer.calendars)
    .filter((calendar) => calendar.connection === connection && suffices(calendar.grain, grain))
    .toSorted((one, other) => compareGrains(other.grain, one.grain))
    .at(0)
}

/** Whether each period begins with a moment of the calendar: no month does with a week. */
const suffices = (has: StandardGrain, grain: StandardGrain): boolean =>
  compareGrains(has, grain) <= 0 && (has !== 'week' || grain === 'week')

/** Where a calendar's moments begin, upwards, each once. */
export function momentsOf(world: World, calendar: Calendar): readonly number[] {
  return [...rowsByMoment(world, calendar).keys()].toSorted((one, other) => one - other)
}

/** The name of the period that a moment is in; null outside of the calendar. */
export function periodAt(world: World, period: string, ms: number): Value {
  const calendar = calendarOf(world, period)
  const row = rowsByMoment(world, calendar).get(startOf(ms, calendar.grain))
  return row === undefined ? null : evaluateExpression(calendar.periods[period] ?? period, row)
}

const grouped = new WeakMap<Calendar, Map<string, readonly (readonly number[])[]>>()

/** The moments of a calendar by its period, the earliest period first. */
export function periodsOf(world: World, period: string): readonly (readonly number[])[] {
  const calendar = calendarOf(world, period)
  const before = grouped.get(calendar) ?? new Map<string, readonly (readonly number[])[]>()
  grouped.set(calendar, before)
  const found = before.get(period) ?? groupMoments(world, calendar, period)
  before.set(period, found)
  return found
}

function groupMoments(world: World, calendar: Calendar, period: string): readonly (readonly number[])[] {
  const periods = new Map<string, number[]>()
  for (const ms of momentsOf(world, calendar)) {
    const name = periodAt(world, period, ms)
    if (name === null) continue
    const key = keyOf([name])
    const found = periods.get(key)
    if (found === undefined) periods.set(key, [ms])
    else found.push(ms)
  }
  return [...periods.values()]
}

const read = new WeakMap<Calendar, ReadonlyMap<number, Row>>()

/** Kept: a calendar of forty years is long, and belongs to one set of tables. */
function rowsByMoment({ tables }: World, calendar: Calendar): ReadonlyMap<number, Row> {
  const { table, column, grain } = calendar
  const rows = tables[table]
  if (rows === undefined) throw new Error(`no table ${table}`)
  const known = read.get(calendar)
  if (known !== undefined) return known
  const found = new Map<number, Row>()
  for (const row of rows) {
    const value = evaluateExpression(column, row)
    if (value !== null) found.set(startOf(momentOf(value).ms, grain), row)
  }
  read.set(calendar, found)
  return found
}
