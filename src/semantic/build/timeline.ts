import { grains, type StandardGrain } from '../condition/tree.ts'
import type { Cut } from '../names/resolve-name.ts'
import type { Shift } from '../plan/expand-metric.ts'
import { refuse } from '../refuse.ts'
import { column, fromQuery, later, operation, select, type Joined, type Query, type Sql } from '../sql/sql.ts'
import { calendarQuery, standardGrain } from './calendars.ts'
import { rank, type Context } from './context.ts'
import { series, type Bounds } from './spine.ts'

/** A time moved by shifts. */
export interface Timeline {
  /** The time after none, one, … all of the shifts. */
  readonly times: readonly Sql[]
  readonly joins: readonly Joined[]
}

export interface Moving {
  readonly shifts: readonly Shift[]
  /** Of the time that is moved. */
  readonly base: StandardGrain
  /** What the moved time will be cut into. */
  readonly cuts: readonly Cut[]
  /** Of the time before it is moved. */
  readonly bounds: Bounds
}

const monthsIn: Partial<Record<StandardGrain, number>> = { month: 1, quarter: 3, year: 12 }

export function moveTime(context: Context, time: Sql, { shifts, base, cuts, bounds }: Moving): Timeline {
  refuseMixed(shifts)
  const times: Sql[] = [time]
  const joins: Joined[] = []
  let around = bounds
  for (const [index, shift] of shifts.entries()) {
    const alias = `s${String(index + 1)}`
    const before = times.at(-1) ?? time
    const moved = moveOnce(context, { before, shift, base, cuts, alias, around })
    if (moved.join !== undefined) joins.push(moved.join)
    times.push(moved.time)
    around = moved.around
  }
  return { times, joins }
}

/** Months within days, or a start of a period within anything, would count some days several times. */
function refuseMixed(shifts: readonly Shift[]): void {
  const kinds = shifts.map(kindOf)
  const [first] = kinds
  if (shifts.length > 1 && (first === 'start' || kinds.some((kind) => kind !== first))) {
    refuse(
      'unsupported',
      'Offsets of different kinds within one another cannot be proven right; name one of them only.',
    )
  }
}

function kindOf(shift: Shift): string {
  if (shift.kind === 'start') return 'start'
  if (!grains.some((grain) => grain === shift.unit)) return shift.unit
  return monthsIn[standardGrain(shift.unit)] === undefined ? 'days' : `months by ${shift.align}`
}

interface Move {
  readonly before: Sql
  readonly shift: Shift
  readonly base: StandardGrain
  readonly cuts: readonly Cut[]
  readonly alias: string
  readonly around: Bounds
}

interface Moved {
  readonly time: Sql
  readonly join?: Joined
  readonly around: Bounds
}

function moveOnce(context: Context, move: Move): Moved {
  const { before, shift, base, cuts, alias, around } = move
  const at = column('t', alias)
  const own: Sql = { kind: 'truncate', of: before, grain: base }
  const meet = (bounds: Bounds, on: Sql): Moved => ({
    time: at,
    join: {
      ...series(base, alias, bounds),
      join: 'inner',
      on: [on],
    },
    around: bounds,
  })
  if (shift.kind === 'start') {
    if (isFiner(shift.grain, base)) refuse('unsupported', `Times of ${base}s do not tell when a ${shift.grain} began.`)
    const last = later(later({ kind: 'truncate', of: around.last, grain: shift.grain }, 1, shift.grain), -1, base)
    return meet({ first: around.first, last }, operation('=', { kind: 'truncate', of: at, grain: shift.grain }, own))
  }
  const { count } = shift
  if (Object.values(context.layer.calendars).some(({ periods }) => Object.hasOwn(periods, shift.unit))) {
    return moveByPeriod(context, move, shift.unit, count)
  }
  const unit = standardGrain(shift.unit)
  if (isFiner(unit, base)) {
    refuse('unsupported', `Times of ${base}s cannot be moved by ${String(count)} ${unit}.`)
  }
  const direct = (of: Sql): Sql => later(of, count, unit)
  const shifted = { first: direct(around.first), last: direct(around.last) }
  if (monthsIn[unit] === undefined || rank(base) >= rank('month')) return { time: direct(before), around: shifted }
  if (shift.align === 'period' && cuts.every(isWholeMonths)) {
    refusePartMonths(context)
    return { time: direct({ kind: 'truncate', of: before, grain: 'month' }), around: shifted }
  }
  // A month's last day may be seen from up to three days after the same day of the later month.
  const bounds = { first: shifted.first, last: later(shifted.last, 3, 'day') }
  return meet(bounds, operation('=', later(at, -count, unit), own))
}

/** Whether a time that is only known by `base` says too little of this grain; weeks are no parts of anything. */
function isFiner(grain: StandardGrain, base: StandardGrain): boolean {
  return rank(grain) < rank(base) || (base === 'week' && grain !== 'week')
}

/** Half of a month beside the whole of the one before would be no comparison. */
function refusePartMonths({ from, until }: Context): void {
  if ([from, until].some((bound) => bound !== undefined && !bound.endsWith('-01T00:00:00'))) {
    refuse('unsupported', 'An offset of months is asked from the first to the last day of months, or by day.', [
      'metric_time__day',
    ])
  }
}

const isWholeMonths = ({ grain, part }: Cut): boolean =>
  grain === 'month' ||
  grain === 'quarter' ||
  grain === 'year' ||
  part === 'month' ||
  part === 'quarter' ||
  part === 'year'

/** The k-th moment of a period meets the k-th of the one `count` periods later, or its last. */
function moveByPeriod(context: Context, { before, base, alias, around }: Move, unit: string, count: number): Moved {
  const [name, calendar] =
    Object.entries(context.layer.calendars).find(([, { periods }]) => Object.hasOwn(periods, unit)) ?? []
  if (name === undefined || calendar === undefined) throw new Error(`There is no period ${unit}`)
  if (rank(base) < rank(calendar.grain)) {
    refuse(
      'unsupported',
      `An offset of a ${unit} is asked by ${calendar.grain}s or coarser, which is what ${name} has.`,
      [`metric_time__${calendar.grain}`],
    )
  }
  const map = select({
    columns: [
      { name: 'before', sql: column('t', 'a') },
      { name: 't', sql: column('t', 'z') },
    ],
    from: fromQuery('a', numberedPeriods(context, name, unit)),
    joins: [
      {
        ...fromQuery('z', numberedPeriods(context, name, unit)),
        join: 'inner',
        on: [
          operation(
            '=',
            column('period', 'z'),
            operation('+', column('period', 'a'), { kind: 'literal', value: count }),
          ),
          operation('=', column('place', 'z'), {
            kind: 'call',
            name: 'least',
            args: [column('place', 'a'), column('length', 'z')],
          }),
        ],
      },
    ],
  })
  const own: Sql = { kind: 'truncate', of: before, grain: calendar.grain }
  return {
    time: column('t', alias),
    join: { ...fromQuery(alias, map), join: 'inner', on: [operation('=', column('before', alias), own)] },
    around,
  }
}

/** `t`, the number of its period, its place within it, and how many there are. Periods are in the order of their first moments. */
function numberedPeriods(context: Context, calendar: string, unit: string): Query {
  const partition = [column(unit, 'c')]
  const placed = select({
    columns: [
      { name: 't', sql: column('t', 'c') },
      { name: 'first', sql: { kind: 'window', name: 'min', of: column('t', 'c'), partition, order: [] } },
      { name: 'length', sql: { kind: 'window', name: 'count', of: column('t', 'c'), partition, order: [] } },
      {
        name: 'place',
        sql: {
          kind: 'window',
          name: 'row_number',
          of: undefined,
          partition,
          order: [{ by: column('t', 'c'), descending: false }],
        },
      },
    ],
    from: fromQuery('c', calendarQuery(context, calendar)),
  })
  const period: Sql = {
    kind: 'window',
    name: 'dense_rank',
    of: undefined,
    partition: [],
    order: [{ by: column('first', 'p'), descending: false }],
  }
  return select({
    columns: [
      ...['t', 'length', 'place'].map((name) => ({ name, sql: column(name, 'p') })),
      { name: 'period', sql: period },
    ],
    from: fromQuery('p', placed),
  })
}
