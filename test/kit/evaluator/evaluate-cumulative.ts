import type { Metric } from '../../../schemas/metrics.ts'
import { grains } from '../../../src/semantic/condition/tree.ts'
import { aggregate } from './aggregate.ts'
import { baseGrainOf, timeColumnsOf } from './context.ts'
import type { Context } from './context.ts'
import { groupBy, placesOf, timeOf } from './placed-rows.ts'
import type { Group } from './placed-rows.ts'
import { rowsOf } from './find-row.ts'
import { readWindow } from './formula.ts'
import type { Fact } from './formula.ts'
import { holds, subjectsOf } from './holds.ts'
import type { Placed } from './holds.ts'
import { addUnits, startOf } from './moment.ts'
import { momentsBetween } from './periods.ts'
import { modelOf } from './reachable.ts'
import { Refused } from './refused.ts'
import { keyOf } from './value.ts'
import type { Row, Value } from './value.ts'

type Cumulative = Extract<Metric, { type: 'cumulative' }>

/** A row as the time `at` sees it, which is shown at `ms`. */
interface Seen extends Placed {
  readonly at: number
}

export function evaluateCumulative(context: Context, fact: Fact, metric: Cumulative): readonly Group[] {
  const { world } = context
  const measure = modelOf(world.layer, fact.model).measures[fact.measure]
  if (measure === undefined) throw new Error(`no measure ${fact.measure}`)
  const ownConditions = fact.conditions.filter((condition) => condition.of === 'measure')
  const counted = rowsOf(world, fact.model)
    .map((row): Placed => ({ row, ms: timeOf(context, fact, row) }))
    .filter((placed) => ownConditions.every((condition) => holds(context, condition, fact, placed)))
  const above: Fact = { ...fact, conditions: fact.conditions.filter((condition) => condition.of !== 'measure') }
  const value = (rows: readonly Placed[]): Value =>
    aggregate(
      fact.measure,
      measure,
      rows.map(({ row }) => row),
    )

  if (timeColumnsOf(context, fact).length === 0) {
    const { end } = context.bounds
    const until = { ...context, bounds: { isGiven: end !== undefined, from: undefined, end } }
    const rows = counted.flatMap((placed) => placesOf(until, above, placed, 0))
    return groupBy(context, fact, rows).map(({ columns, placed }) => ({ columns, value: value(placed) }))
  }
  const subjects = new Map(above.conditions.map((condition) => [condition, subjectsOf(context, condition, fact)]))
  // Either the time that is shown or the rows: of both at once, nothing says which rows count.
  if ([...subjects.values()].some(({ time, other }) => time && other)) {
    throw new Refused('unsupported', 'time mixed with something else')
  }
  const ofRows = above.conditions.filter((condition) => subjects.get(condition)?.time === false)
  const rows = counted.filter((placed) => ofRows.every((condition) => holds(context, condition, fact, placed)))
  const seen = seenRows(context, above, metric, rows)
  const points = groupBy(context, fact, seen).flatMap(({ columns, placed }) => {
    const times = new Map(placed.map(({ at, ms }) => [keyOf([ms, at]), { at, ms: ms ?? 0 }]))
    return [...times.values()]
      .toSorted((one, other) => one.ms - other.ms || one.at - other.at)
      .map(({ at, ms }) => ({ columns, value: value(placed.filter((one) => one.at === at && one.ms === ms)) }))
  })
  return atCoarser(points, metric.at_coarser)
}

function seenRows(context: Context, above: Fact, metric: Cumulative, counted: readonly Placed[]): readonly Seen[] {
  const window = metric.window === undefined ? undefined : readWindow(metric.window)
  const unit = grains.find((grain) => grain === window?.unit)
  if (window !== undefined && unit === undefined) throw new Refused('unsupported', 'a window of a calendar')
  const base = baseGrainOf(context, above, unit === undefined ? [] : [unit])
  const times = counted.flatMap(({ ms }) => (ms === null ? [] : [startOf(ms, base)]))
  const isSeen = (row: number, at: number): boolean => {
    if (row > at) return false
    if (window !== undefined && unit !== undefined) return row > addUnits(at, -window.count, unit)
    return metric.to_date === undefined || startOf(row, metric.to_date) === startOf(at, metric.to_date)
  }
  return momentsBetween(context, above, base, times).flatMap((at) =>
    counted
      .filter(({ ms }) => ms !== null && isSeen(startOf(ms, base), at))
      .flatMap(({ row }) => placesAt(context, above, row, at)),
  )
}

const placesAt = (context: Context, above: Fact, row: Row, at: number): readonly Seen[] =>
  placesOf(context, above, { row, ms: at }, above.shifts.length).map(({ ms }) => ({ row, ms, at }))

/** Of the times of one line of the answer, which come in their order. */
function atCoarser(points: readonly Group[], choose: Cumulative['at_coarser']): readonly Group[] {
  const lines = Map.groupBy(points, ({ columns }) => keyOf(columns))
  return [...lines.values()].map((line) => {
    const columns = line[0]?.columns ?? []
    if (choose === 'first') return { columns, value: line[0]?.value ?? null }
    if (choose === 'last') return { columns, value: line.at(-1)?.value ?? null }
    const values = line.flatMap(({ value }) => (typeof value === 'number' ? [value] : []))
    const sum = values.reduce((total, one) => total + one, 0)
    return { columns, value: values.length === 0 ? null : sum / values.length }
  })
}
