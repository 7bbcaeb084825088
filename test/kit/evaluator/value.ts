/** A point on a wall clock: milliseconds since 1970 as if the clock showed UTC. */
export interface Moment {
  readonly ms: number
}

export type Value = string | number | boolean | null | Moment

/** One row of a table: dates and timestamps are ISO text. */
export type Row = Readonly<Record<string, string | number | boolean | null>>

export const isMoment = (value: Value): value is Moment => typeof value === 'object' && value !== null

/** The same text for equal values only; null equals null. */
export function keyOf(values: readonly Value[]): string {
  return JSON.stringify(values.map((value) => (isMoment(value) ? { ms: value.ms } : value)))
}

/** Negative, zero or positive; text by code points, false before true. Null has no place in an order. */
export function compareValues(left: Value, right: Value): number {
  if (isMoment(left) && isMoment(right)) return left.ms - right.ms
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right)
  throw new Error(`cannot compare ${JSON.stringify(left)} with ${JSON.stringify(right)}`)
}

function compareText(left: string, right: string): number {
  const one = Array.from(left)
  const other = Array.from(right)
  for (const [index, char] of one.entries()) {
    const against = other[index]
    if (against === undefined) return 1
    const difference = (char.codePointAt(0) ?? 0) - (against.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return one.length - other.length
}

/** With nulls last, whichever the direction. */
export function compareForOrder(left: Value, right: Value, descending: boolean): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null)
  return descending ? compareValues(right, left) : compareValues(left, right)
}
