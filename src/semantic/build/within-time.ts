import { operation, timestamp, type Sql } from '../sql/sql.ts'
import type { Context } from './context.ts'

/** The question's bounds, as conditions on the time that the answer shows. */
export function withinTime({ from, until }: Context, time: Sql): readonly Sql[] {
  return [
    ...(from === undefined ? [] : [operation('>=', time, timestamp(from))]),
    ...(until === undefined ? [] : [operation('<', time, timestamp(until))]),
  ]
}
