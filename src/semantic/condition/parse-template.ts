import { ConditionError } from './condition-error.ts'
import type { Cursor } from './cursor.ts'
import { parseCallForm } from './parse-call-form.ts'
import type { Tree } from './tree.ts'

/** After `{{`: one call form, and `}}`. */
export function parseTemplate(cursor: Cursor): Tree {
  const { at } = cursor.peek()
  const { isMetric, name, by, path, grain, part, descending } = parseCallForm(cursor)
  cursor.expect('}}')
  if (descending !== undefined) throw new ConditionError('expected no order within a condition, found descending', at)
  if (!isMetric) return { kind: 'name', name, path, grain, part }
  if (grain === undefined && part === undefined) return { kind: 'metric', name, by }
  throw new ConditionError('expected a metric without a grain or a part of a date', at)
}
