import { createBranch } from './branch.ts'
import type { Cursor } from './cursor.ts'
import { parseList, type Reading } from './reading.ts'
import type { Operator, Tree } from './tree.ts'

const comparisons: ReadonlyMap<string, Operator> = new Map([
  ['=', '='],
  ['==', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
])

const words = ['between', 'in', 'is', 'like', 'not']

export function startsComparison(cursor: Cursor): boolean {
  const { kind, text } = cursor.peek()
  return kind === 'symbol' ? comparisons.has(text) : words.some((word) => cursor.sees(word))
}

/** What follows `left`: `= x`, `not in (…)`, `between a and b`, `like x`, `is not null`. */
export function parseComparison(reading: Reading, left: Tree): Tree {
  const { cursor } = reading
  const operator = comparisons.get(cursor.peek().text)
  if (operator !== undefined) {
    cursor.take()
    return { kind: 'operation', operator, left, right: reading.operand() }
  }
  if (cursor.accept('is')) return parseIs(reading, left)
  const negated = cursor.accept('not')
  return unless(negated, parseWord(reading, left))
}

function parseWord(reading: Reading, left: Tree): Tree {
  const { cursor } = reading
  if (cursor.accept('like')) return { kind: 'operation', operator: 'like', left, right: reading.operand() }
  if (cursor.accept('between')) return parseBetween(reading, left)
  cursor.expect('in', 'in, between or like')
  cursor.expect('(', '( and a list of values')
  const list = parseList(cursor, () => reading.expression())
  cursor.expect(')', ', or )')
  return { kind: 'in', of: left, list }
}

function parseBetween(reading: Reading, left: Tree): Tree {
  const low = reading.operand()
  reading.cursor.expect('and', 'and, with the upper bound')
  const high = reading.operand()
  return {
    kind: 'operation',
    operator: 'and',
    left: { kind: 'operation', operator: '>=', left, right: low },
    right: { kind: 'operation', operator: '<=', left, right: high },
  }
}

/** None of these is ever null itself: null is neither true nor false, and no different from null. */
function parseIs({ cursor, operand }: Reading, left: Tree): Tree {
  const negated = cursor.accept('not')
  if (cursor.accept('null')) return unless(negated, { kind: 'is_null', of: left })
  if (cursor.accept('true')) return unless(negated, withoutNull(left, false))
  if (cursor.accept('false')) return unless(!negated, withoutNull(left, true))
  const expected = negated ? 'null, true or false' : 'null, not null, true or false'
  cursor.expect('distinct', expected)
  cursor.expect('from')
  return unless(negated, distinct(left, operand()))
}

const distinct = (left: Tree, right: Tree): Tree => ({
  kind: 'case',
  branches: [
    createBranch({ kind: 'is_null', of: left }, { kind: 'not', of: { kind: 'is_null', of: right } }),
    createBranch({ kind: 'is_null', of: right }, { kind: 'value', value: true }),
  ],
  otherwise: { kind: 'operation', operator: '<>', left, right },
})

const withoutNull = (of: Tree, value: boolean): Tree => ({
  kind: 'call',
  name: 'coalesce',
  args: [of, { kind: 'value', value }],
})

const unless = (negated: boolean, of: Tree): Tree => (negated ? { kind: 'not', of } : of)
