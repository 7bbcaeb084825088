import { ConditionError } from './condition-error.ts'
import { parseCall } from './parse-call.ts'
import { parseCase } from './parse-case.ts'
import { parseType } from './parse-type.ts'
import { parseTemplate } from './parse-template.ts'
import { reservedWords } from './ranks.ts'
import type { Reading } from './reading.ts'
import type { Token } from './read-tokens.ts'
import type { Tree } from './tree.ts'

const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

/** A value, a name, a call or a parenthesis, with the casts that follow it. */
export function parsePrimary(reading: Reading): Tree {
  const { cursor } = reading
  let tree = parseAtom(reading)
  while (cursor.accept('::')) tree = { kind: 'cast', of: tree, to: parseType(cursor) }
  return tree
}

function parseAtom(reading: Reading): Tree {
  const { cursor } = reading
  const { kind, text } = cursor.peek()
  if (kind === 'number') return { kind: 'value', value: numberOf(cursor.take()) }
  if (kind === 'text') {
    cursor.take()
    return { kind: 'value', value: text }
  }
  if (kind === 'word') return parseWord(reading)
  if (cursor.accept('{{')) return parseTemplate(cursor)
  cursor.expect('(', 'a name or a value')
  const tree = reading.expression()
  cursor.expect(')', 'an operator or )')
  return tree
}

function parseWord(reading: Reading): Tree {
  const { cursor } = reading
  const name = cursor.peek().text
  const lower = name.toLowerCase()
  const constant = constants.get(lower)
  if (constant !== undefined) {
    cursor.take()
    return { kind: 'value', value: constant }
  }
  if (cursor.accept('case')) return parseCase(reading)
  if (reservedWords.has(lower)) throw cursor.unexpected('a name or a value')
  const { text, kind } = cursor.peek(1)
  if (kind === 'text' && (lower === 'date' || lower === 'timestamp')) {
    cursor.take()
    cursor.take()
    return { kind: 'cast', of: { kind: 'value', value: text }, to: lower }
  }
  if (kind === 'symbol' && text === '(') return parseCall(reading, cursor.take())
  cursor.take()
  return { kind: 'name', name, path: [], grain: undefined, part: undefined }
}

/** A whole number beyond 2^53 would be compared as its neighbour. */
function numberOf({ text, at }: Token): number {
  const value = Number(text)
  const isExact = Number.isFinite(value) && (!/^\d+$/.test(text) || Number.isSafeInteger(value))
  if (isExact) return value
  const found = text.slice(0, 40)
  throw new ConditionError(`expected a number below 2^53, found ${found}; write cast('…' as integer)`, at)
}
