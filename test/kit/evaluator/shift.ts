import { momentsOf, periodsOf, calendarOf } from './calendar.ts'
import { baseGrainOf, timeColumnsOf } from './context.ts'
import type { Context } from './context.ts'
import { applyCut } from './cut.ts'
import type { Cut } from './cut.ts'
import type { Fact, Shift } from './formula.ts'
import { addUnits, compareGrains, startOf } from './moment.ts'
import type { World } from './find-row.ts'
import { keyOf } from './value.ts'

const day = 86_400_000

/** The times that look at this one. */
export function seenFrom(context: Context, fact: Fact, shift: Shift, ms: number): readonly number[] {
  if (shift.kind === 'period') return seenFromPeriod(context.world, shift, ms)
  if (shift.kind === 'to') {
    const base = baseGrainOf(context, fact, [shift.grain])
    const first = startOf(ms, shift.grain)
    if (startOf(ms, base) !== first) return []
    const times: number[] = []
    for (let at = first; startOf(at, shift.grain) === first; at = addUnits(at, 1, base)) times.push(at)
    return times
  }
  const moved = addUnits(ms, shift.count, shift.unit)
  const isWhole = compareGrains(shift.unit, 'week') <= 0
  if (isWhole || (shift.align === 'period' && areMonths(context, fact))) return [moved]
  // Of the days around, those from which so many months ago is this day.
  return [0, 1, 2, 3].map((days) => moved + days * day).filter((at) => addUnits(at, -shift.count, shift.unit) === ms)
}

/** Whether each column of metric_time holds whole months, and nothing else moves days from one to another. */
const areMonths = (context: Context, fact: Fact): boolean =>
  timeColumnsOf(context, fact).every(({ cut }) => isMonths(cut)) &&
  fact.shifts.every((shift) => shift.kind === 'by' && shift.align === 'period' && compareGrains(shift.unit, 'week') > 0)

function isMonths(cut: Cut | undefined): boolean {
  if (cut === undefined || cut.kind === 'period') return false
  const unit = cut.kind === 'grain' ? cut.grain : cut.part
  return unit === 'month' || unit === 'quarter' || unit === 'year'
}

/** The k-th moment of a calendar's period is seen from the k-th of a later one, or from that one's last. */
function seenFromPeriod(
  world: World,
  { count, period }: Extract<Shift, { kind: 'period' }>,
  ms: number,
): readonly number[] {
  const at = startOf(ms, calendarOf(world, period).grain)
  const periods = periodsOf(world, period)
  const index = periods.findIndex((moments) => moments.includes(at))
  const later = index === -1 ? undefined : periods[index + count]
  if (later === undefined) return []
  const place = Math.min(periods[index]?.indexOf(at) ?? 0, later.length - 1)
  return [(later[place] ?? at) + (ms - at)]
}

/** With `offset_to`, only times that begin a period which is asked for count. */
export function beginsPeriod(context: Context, fact: Fact, ms: number): boolean {
  return timeColumnsOf(context, fact).some(({ cut }) => {
    if (cut === undefined || cut.kind === 'part') return false
    if (cut.kind === 'grain') return startOf(ms, cut.grain) === ms
    const name = keyOf([applyCut(context.world, cut, ms)])
    const moments = momentsOf(context.world, calendarOf(context.world, cut.period))
    return moments.find((at) => keyOf([applyCut(context.world, cut, at)]) === name) === ms
  })
}
