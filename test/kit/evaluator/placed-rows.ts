import { isWithin } from './context.ts'
import type { Context } from './context.ts'
import { dimensionValue, rowsOf } from './find-row.ts'
import type { Fact } from './formula.ts'
import { columnValue, holds } from './holds.ts'
import type { Placed } from './holds.ts'
import { beginsPeriod, seenFrom } from './shift.ts'
import { isMoment, keyOf } from './value.ts'
import type { Row, Value } from './value.ts'

/** One line of what a fact answers: the asked-for columns and the number. */
export interface Group {
  readonly columns: readonly Value[]
  readonly value: Value
}

/** The moment of a fact's row, as its dimension cuts it. */
export function timeOf(context: Context, fact: Fact, row: Row): number | null {
  if (fact.time === undefined) return null
  const value = dimensionValue(context.world, fact.model, fact.time, row)
  return isMoment(value) ? value.ms : null
}

/** The rows that count, at each time that sees them. */
export function placedRows(context: Context, fact: Fact): readonly Placed[] {
  return rowsOf(context.world, fact.model).flatMap((row) =>
    placesOf(context, fact, { row, ms: timeOf(context, fact, row) }, fact.shifts.length),
  )
}

/** Conditions hold at the time that the shifts below them lead to; the question's at the one that is shown. */
export function placesOf(context: Context, fact: Fact, placed: Placed, depth: number): readonly Placed[] {
  const conditions = fact.conditions.filter((condition) => condition.depth === depth)
  if (!conditions.every((condition) => holds(context, condition, fact, placed))) return []
  const shift = fact.shifts[depth - 1]
  if (shift === undefined) return isShown(context, fact, placed) ? [placed] : []
  if (placed.ms === null) return []
  return seenFrom(context, fact, shift, placed.ms).flatMap((ms) =>
    placesOf(context, fact, { ...placed, ms }, depth - 1),
  )
}

function isShown(context: Context, fact: Fact, { ms }: Placed): boolean {
  if (!isWithin(context.bounds, ms)) return false
  const isTo = fact.shifts.some(({ kind }) => kind === 'to')
  return !isTo || ms === null || beginsPeriod(context, fact, ms)
}

/** Without columns there is one group, also of nothing. */
export function groupBy<P extends Placed>(
  context: Context,
  fact: Fact,
  placed: readonly P[],
): readonly { readonly columns: readonly Value[]; readonly placed: readonly P[] }[] {
  if (context.columns.length === 0) return [{ columns: [], placed }]
  const groups = new Map<string, { readonly columns: readonly Value[]; readonly placed: P[] }>()
  for (const one of placed) {
    const columns = context.columns.map((column) => columnValue(context, column, fact, one))
    const key = keyOf(columns)
    const group = groups.get(key) ?? { columns, placed: [] }
    group.placed.push(one)
    groups.set(key, group)
  }
  return [...groups.values()]
}
