import type { Cursor } from './cursor.ts'
import { knownCastType } from './known-words.ts'
import type { CastType } from './tree.ts'

export function parseType(cursor: Cursor): CastType {
  if (cursor.peek().kind !== 'word') throw cursor.unexpected('a type such as date')
  const token = cursor.take()
  if (token.text.toLowerCase() === 'double') cursor.accept('precision')
  const type = knownCastType(token)
  if (cursor.sees('(')) throw cursor.unexpected('a type without a length or precision')
  return type
}
