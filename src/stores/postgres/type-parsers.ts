import { getTypeParser } from 'pg-types'

const asText = (value: string): string => value

const ours = new Map<number, (value: string) => unknown>([
  [20, Number],
  [1082, asText],
  [1114, asText],
  [1184, asText],
])

/**
 * How a column's text becomes a value, the same for both drivers: int8 as number (our ids and counters stay below 2^53),
 * dates as Postgres prints them, everything else as `pg` does.
 */
export function typeParser(oid: number): (value: string) => unknown {
  return ours.get(oid) ?? getTypeParser(oid, 'text')
}
