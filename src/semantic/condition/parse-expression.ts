import type { Cursor } from './cursor.ts'
import { parseComparison, startsComparison } from './parse-comparison.ts'
import { parsePrimary } from './parse-primary.ts'
import { operatorRanks, rank } from './ranks.ts'
import { createDepth, type Reading } from './reading.ts'
import type { Operator, Tree } from './tree.ts'

const chained: readonly Operator[] = ['or', 'and', '||', '+', '-', '*', '/', '%']

/** From the cursor on, as far as it is one expression. */
export function parseExpression(cursor: Cursor): Tree {
  const deeper = createDepth(cursor)
  const reading: Reading = {
    cursor,
    deeper,
    expression: () => deeper(() => parseFrom(reading, rank.or)),
    operand: () => parseFrom(reading, rank.concat),
  }
  return reading.expression()
}

/** Precedence climbing: everything that binds at least as closely as `least`. */
function parseFrom(reading: Reading, least: number): Tree {
  const { cursor } = reading
  let left = parsePrefix(reading, least)
  let most: number = rank.primary
  for (;;) {
    const operator = chained.find((each) => cursor.sees(each))
    if (operator !== undefined && operatorRanks[operator] >= least && operatorRanks[operator] <= most) {
      cursor.take()
      left = { kind: 'operation', operator, left, right: parseFrom(reading, operatorRanks[operator] + 1) }
    } else if (least <= rank.comparison && startsComparison(cursor)) {
      left = parseComparison(reading, left)
      most = rank.and
      if (startsComparison(cursor)) throw cursor.unexpected('and, or, or parentheses around the comparison')
    } else return left
  }
}

function parsePrefix(reading: Reading, least: number): Tree {
  const { cursor, deeper } = reading
  if (cursor.sees('not') && least <= rank.not) {
    cursor.take()
    return { kind: 'not', of: deeper(() => parseFrom(reading, rank.not)) }
  }
  return parseSigned(reading)
}

function parseSigned(reading: Reading): Tree {
  const { cursor, deeper } = reading
  if (!cursor.accept('-')) return parsePrimary(reading)
  const isLiteral = cursor.peek().kind === 'number'
  const of = deeper(() => parseSigned(reading))
  if (isLiteral && of.kind === 'value' && typeof of.value === 'number') {
    return { kind: 'value', value: of.value === 0 ? 0 : -of.value }
  }
  return { kind: 'negative', of }
}
