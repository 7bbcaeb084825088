import { checkSize } from './check-size.ts'
import { createCursor } from './cursor.ts'
import { parseExpression } from './parse-expression.ts'
import { readTokens } from './read-tokens.ts'
import type { Tree } from './tree.ts'

/**
 * A condition in our own syntax, in which MetricFlow's `{{ Dimension('…') }}`, `{{ TimeDimension('…', 'day') }}`,
 * `{{ Entity('…') }}` and `{{ Metric('…', group_by=['…']) }}` may stand for names. Throws ConditionError.
 */
export const parseCondition = (text: string): Tree => parseTree(text)

/** The arithmetic of a derived metric, in the same syntax. Names are those of its inputs. Throws ConditionError. */
export const parseArithmetic = (text: string): Tree => parseTree(text)

function parseTree(text: string): Tree {
  const cursor = createCursor(readTokens(text))
  const tree = parseExpression(cursor)
  if (cursor.peek().kind !== 'end') throw cursor.unexpected('an operator or the end')
  checkSize(tree)
  return tree
}
