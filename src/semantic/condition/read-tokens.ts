import { ConditionError } from './condition-error.ts'

export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'symbol' | 'end'
  /** As written; of a text what stands between its quotes. */
  readonly text: string
  readonly at: number
}

/** `call` is what stands within `{{ … }}`: Python's commas, lists and either quotes. */
export type Mode = 'condition' | 'call'

const maxCharacters = 20_000

const word = /[A-Za-z_][A-Za-z0-9_]*/y
const number = /(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?/iy
const symbols: Readonly<Record<Mode, RegExp>> = {
  condition: /\{\{-?|\|\||<>|!=|==|<=|>=|::|[-+*/%=<>(),]/y,
  call: /-?\}\}|[-()[\],=.]/y,
}
const texts: Readonly<Record<Mode, RegExp>> = {
  condition: /'((?:[^']|'')*)'(?!')/y,
  call: /'([^'\\]*)'|"([^"\\]*)"/y,
}

const unclosed = [/['"]/y, 'a quote that closes the text'] as const

/** What people try, and what to write instead. The first that fits. */
const refused: Readonly<Record<Mode, readonly (readonly [RegExp, string])[]>> = {
  condition: [
    [/--|\/\*|#|\/\//y, 'a condition without comments'],
    [/;/y, 'one condition alone'],
    [/\{[%#]/y, '{{ … }}'],
    [/\}\}/y, '{{ before it'],
    [/["`]/y, "a text in single quotes ('…') or a name without quotes"],
    [/[´‘’‚“”„«»]/y, "a text in plain single quotes ('…')"],
    [/\./y, 'names joined with __, as in customer__country'],
    unclosed,
  ],
  call: [unclosed],
}

/** Always ends in an `end`. Throws ConditionError at the first character that belongs to nothing. */
export function readTokens(source: string, start: Mode = 'condition'): readonly Token[] {
  if (source.length > maxCharacters) {
    throw new ConditionError(`expected at most ${maxCharacters} characters, found ${source.length}`, maxCharacters)
  }
  const tokens: Token[] = []
  let mode = start
  let at = skipSpace(source, 0)
  while (at < source.length) {
    const { token, end } = readToken(source, at, mode)
    tokens.push(token)
    if (token.text === '{{' && token.kind === 'symbol') mode = 'call'
    if (token.text === '}}' && token.kind === 'symbol') mode = 'condition'
    at = skipSpace(source, end)
  }
  tokens.push({ kind: 'end', text: '', at })
  return tokens
}

function readToken(source: string, at: number, mode: Mode): { readonly token: Token; readonly end: number } {
  const text = match(texts[mode], source, at)
  if (text !== undefined) {
    const raw = text[1] ?? text[2] ?? ''
    checkText(raw, at + 1)
    const value = mode === 'condition' ? raw.replaceAll("''", "'") : raw
    return { token: { kind: 'text', text: value, at }, end: at + text[0].length }
  }
  const name = match(word, source, at)?.[0]
  if (name !== undefined) return { token: { kind: 'word', text: name, at }, end: at + name.length }
  const digits = match(number, source, at)?.[0]
  if (digits !== undefined) {
    const end = at + digits.length
    if (/[\w.]/.test(source.charAt(end))) throw new ConditionError('expected a number such as 1.5 or 1e6', at)
    return { token: { kind: 'number', text: digits, at }, end }
  }
  refuse(source, at, mode)
  const symbol = match(symbols[mode], source, at)?.[0]
  if (symbol === undefined) throw unknownCharacter(source, at)
  const bare = symbol.length > 1 ? symbol.replace('-', '') : symbol
  return { token: { kind: 'symbol', text: bare, at }, end: at + symbol.length }
}

function refuse(source: string, at: number, mode: Mode): void {
  for (const [pattern, expected] of refused[mode]) {
    const found = match(pattern, source, at)
    if (found !== undefined) throw new ConditionError(`expected ${expected}, found ${found[0]}`, at)
  }
}

/** Half of a surrogate pair or a NUL is no text in any database. */
function checkText(text: string, at: number): void {
  const nul = text.indexOf('\0')
  if (nul >= 0) throw unknownCharacter(text, nul, at)
  if (!text.isWellFormed()) throw new ConditionError('expected a text of whole Unicode characters', at)
}

function unknownCharacter(source: string, at: number, offset = 0): ConditionError {
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0)
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const shown = /[\p{L}\p{N}\p{P}\p{S}]/u.test(character) ? character : `the character U+${code}`
  return new ConditionError(`expected a name, a value or an operator, found ${shown}`, offset + at)
}

const skipSpace = (source: string, at: number): number => at + (match(/\s*/y, source, at)?.[0].length ?? 0)

function match(sticky: RegExp, source: string, at: number): RegExpExecArray | undefined {
  sticky.lastIndex = at
  return sticky.exec(source) ?? undefined
}
