import type { StandardGrain } from '../condition/tree.ts'
import { operation, timestamp, type Sql } from '../sql/sql.ts'
import type { Context } from './context.ts'

/** The question's bounds, as conditions on the time that the answer shows; of a grain's periods, those that begin before too. */
export function withinTime({ from, until }: Context, time: Sql, grain?: StandardGrain): readonly Sql[] {
  const first = (text: string): Sql =>
    grain === undefined ? timestamp(text) : { kind: 'truncate', of: timestamp(text), grain }
  return [
    ...(from === undefined ? [] : [operation('>=', time, first(from))]),
    ...(until === undefined ? [] : [operation('<', time, timestamp(until))]),
  ]
}
