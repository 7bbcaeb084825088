import { grains, type StandardGrain } from '../condition/tree.ts'
import type { Leaf } from '../plan/expand-metric.ts'
import { timestamp, type Sql } from '../sql/sql.ts'
import type { Context } from './context.ts'
import type { Bounds } from './spine.ts'

/** From when to when a spine without a calendar shows periods: the question's bounds, else those of the (moved) rows. */
export function shownBounds(
  { context, leaf }: { readonly context: Context; readonly leaf: Leaf },
  bounds: Bounds,
): Bounds {
  const { from, until } = context
  if (leaf.cumulative !== undefined && leaf.shifts.length > 0) return bounds
  const moved = (of: Sql): Sql =>
    leaf.shifts.reduce<Sql>(
      (time, shift) =>
        shift.kind === 'start' || !isStandard(shift.unit)
          ? time
          : { kind: 'shift', of: time, count: shift.count, unit: shift.unit },
      of,
    )
  return {
    first: from === undefined ? moved(bounds.first) : timestamp(from),
    last:
      until === undefined
        ? moved(bounds.last)
        : { kind: 'shift', of: timestamp(until), count: -1, unit: 'millisecond' },
  }
}

/** A calendar's own periods are moved by that calendar, which has bounds of its own. */
const isStandard = (unit: string): unit is StandardGrain => grains.some((grain) => grain === unit)
