import { ConditionError } from './condition-error.ts'
import { createCursor, type Cursor } from './cursor.ts'
import { parseCallForm } from './parse-call-form.ts'
import { readTokens } from './read-tokens.ts'
import type { DatePart } from './tree.ts'

/** A column of a question, or what its answer is ordered by. */
export interface GroupBy {
  readonly name: string
  readonly path: readonly string[]
  readonly grain: string | undefined
  readonly part: DatePart | undefined
  readonly descending: boolean
}

/**
 * `metric_time__month`, `-metric_time` or a call form such as `TimeDimension('metric_time', 'day').descending(True)`;
 * `Metric('bookings')` is what to order by. Throws ConditionError.
 */
export function parseGroupBy(text: string): GroupBy {
  const cursor = createCursor(readTokens(text, 'call'))
  const hasMinus = cursor.accept('-')
  const { descending, ...column } = parseColumn(cursor)
  if (cursor.peek().kind !== 'end') throw cursor.unexpected('the end')
  if (hasMinus && descending !== undefined) {
    throw new ConditionError('expected one direction, found - and descending', 0)
  }
  return { ...column, descending: descending ?? hasMinus }
}

function parseColumn(cursor: Cursor): Omit<GroupBy, 'descending'> & { readonly descending?: boolean | undefined } {
  const { kind, at } = cursor.peek()
  if (kind !== 'word') throw cursor.unexpected("a name such as metric_time__month or Dimension('…')")
  if (!cursor.sees('(', 1)) return { name: cursor.take().text, path: [], grain: undefined, part: undefined }
  const { name, path, grain, part, descending, by } = parseCallForm(cursor)
  if (by.length > 0) throw new ConditionError('expected a metric by its name alone, found group_by', at)
  return { name, path, grain, part, descending }
}
