import { grains } from '../../../src/semantic/condition/tree.ts'
import type { StandardGrain } from '../../../src/semantic/condition/tree.ts'
import { calendarFor, calendarOf, momentsOf } from './calendar.ts'
import { isWithin, timeColumnsOf, timeGrainOf } from './context.ts'
import type { Context } from './context.ts'
import { grainOfCut } from './cut.ts'
import type { Fact } from './formula.ts'
import { addUnits, compareGrains, startOf } from './moment.ts'
import { modelOf } from './reachable.ts'
import { Refused, TooLong } from './refused.ts'
import { isMoment } from './value.ts'
import type { Value } from './value.ts'

/** Each period of the calendar; without one, from the first to the last of these times, or the question's bounds. */
export function momentsBetween(
  context: Context,
  fact: Fact,
  grain: StandardGrain,
  times: readonly number[],
): readonly number[] {
  const { world, bounds } = context
  const calendar = calendarFor(world, grain, modelOf(world.layer, fact.model).connection)
  const isSoon = (ms: number): boolean => fact.shifts.length > 0 || isWithin(bounds, ms)
  if (calendar !== undefined) {
    return [...new Set(momentsOf(world, calendar).map((ms) => startOf(ms, grain)))].filter(isSoon)
  }
  return generate(grain, times, fact.shifts.length > 0 ? unbounded : bounds).filter(isSoon)
}

const mostMoments = 200_000
const unbounded: Context['bounds'] = { isGiven: false, from: undefined, end: undefined }

function generate(grain: StandardGrain, times: readonly number[], { from, end }: Context['bounds']): readonly number[] {
  const sorted = times.toSorted((one, other) => one - other)
  const first = from ?? sorted.at(0)
  const last = end === undefined ? sorted.at(-1) : end - 1
  if (first === undefined || last === undefined) return []
  const moments: number[] = []
  for (let at = startOf(first, grain); at <= last; at = addUnits(at, 1, grain)) {
    if (moments.length >= mostMoments) throw new TooLong()
    moments.push(at)
  }
  return moments
}

/** The moments of which a fact's columns of metric_time show the periods, where these lines have something. */
export function momentsOfColumns(
  context: Context,
  fact: Fact,
  lines: readonly { readonly columns: readonly Value[] }[],
): readonly number[] {
  const { world, bounds } = context
  const cuts = timeColumnsOf(context, fact).flatMap(({ cut }) => (cut === undefined ? [] : [cut]))
  const named = cuts.find((cut) => cut.kind === 'period')
  const needed = enough(cuts.map((cut) => grainOfCut(world, cut)))
  const calendar =
    named?.kind === 'period'
      ? calendarOf(world, named.period)
      : calendarFor(world, needed, modelOf(world.layer, fact.model).connection)
  const grain = named === undefined ? needed : (calendar?.grain ?? needed)
  if (compareGrains(grain, needed) > 0) throw new Refused('unsupported', `a calendar of ${grain} beside ${needed}`)
  const all =
    calendar === undefined ? generate(grain, timesOf(context, fact, lines), bounds) : momentsOf(world, calendar)
  // A period that is only partly within has rows of its own days, where there are such.
  const hasDays = compareGrains(timeGrainOf(world, fact), grain) < 0
  const from = bounds.from !== undefined && hasDays ? startOf(bounds.from, grain) : bounds.from
  const starts = new Set(all.map((ms) => startOf(ms, grain)))
  return [...starts].filter((ms) => isWithin({ ...bounds, from }, ms))
}

/** The first and the last moment of the finest periods that lines have. */
function timesOf(
  context: Context,
  fact: Fact,
  lines: readonly { readonly columns: readonly Value[] }[],
): readonly number[] {
  const periods = timeColumnsOf(context, fact).flatMap((column) =>
    column.cut?.kind === 'grain' ? [{ grain: column.cut.grain, index: context.columns.indexOf(column) }] : [],
  )
  const [finest] = periods.toSorted((one, other) => compareGrains(one.grain, other.grain))
  const { from, end } = context.bounds
  if (finest === undefined) {
    if (from === undefined || end === undefined) throw new Refused('needs_time', 'every period without a calendar')
    return []
  }
  return lines.flatMap(({ columns }) => {
    const value = columns[finest.index] ?? null
    return isMoment(value) ? [value.ms, addUnits(value.ms, 1, finest.grain) - 1] : []
  })
}

/** The coarsest grain all of these can be taken of: weeks go with nothing but themselves. */
function enough(needed: readonly StandardGrain[]): StandardGrain {
  const hasWeeks = needed.includes('week') && needed.some((grain) => compareGrains(grain, 'week') > 0)
  const finest = grains.find((grain) => needed.includes(grain)) ?? 'day'
  return hasWeeks && finest === 'week' ? 'day' : finest
}
