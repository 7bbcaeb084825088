import type { Cursor } from './cursor.ts'

/** Of a call within `{{ … }}`: `'day'`, `entity_path=['listing']`, `descending=True`, `None`. */
export interface Argument {
  readonly keyword: string | undefined
  readonly value: string | readonly string[] | boolean | null
  readonly at: number
}

const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['true', true],
  ['False', false],
  ['false', false],
  ['None', null],
  ['none', null],
])

/** From the parenthesis that opens to the one that closes. */
export function parseArguments(cursor: Cursor): readonly Argument[] {
  cursor.expect('(')
  const given: Argument[] = []
  while (!cursor.accept(')')) {
    given.push(parseArgument(cursor))
    if (!cursor.sees(')')) cursor.expect(',', ', or )')
  }
  return given
}

function parseArgument(cursor: Cursor): Argument {
  const { at, kind, text } = cursor.peek()
  const hasKeyword = kind === 'word' && cursor.sees('=', 1)
  if (hasKeyword) {
    cursor.take()
    cursor.take()
  }
  return { keyword: hasKeyword ? text : undefined, value: parseValue(cursor), at }
}

function parseValue(cursor: Cursor): Argument['value'] {
  if (cursor.accept('[')) return parseTexts(cursor)
  const { kind, text } = cursor.peek()
  const constant = kind === 'word' ? constants.get(text) : undefined
  if (kind !== 'text' && constant === undefined)
    throw cursor.unexpected("a name in quotes or a list such as ['listing']")
  cursor.take()
  return constant === undefined ? text : constant
}

function parseTexts(cursor: Cursor): readonly string[] {
  const texts: string[] = []
  while (!cursor.accept(']')) {
    if (cursor.peek().kind !== 'text') throw cursor.unexpected('a name in quotes or ]')
    texts.push(cursor.take().text)
    if (!cursor.sees(']')) cursor.expect(',', ', or ]')
  }
  return texts
}
