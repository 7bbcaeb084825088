import { nearest } from '../../core/nearest.ts'
import { ConditionError } from './condition-error.ts'
import type { Token } from './read-tokens.ts'

/** Reads tokens from left to right. Words and symbols are given and compared in lower case. */
export interface Cursor {
  /** The token so many after the next one; the end after the last. */
  peek(ahead?: number): Token
  /** Whether the next (or a later) token is this word or symbol. */
  sees(what: string, ahead?: number): boolean
  take(): Token
  /** Takes the next token if it is this word or symbol. */
  accept(what: string): boolean
  /** Takes the next token, which has to be this word or symbol. */
  expect(what: string, expected?: string): void
  /** The error that the next token is. A word may be a slip for one of `words`. */
  unexpected(expected: string, words?: readonly string[]): ConditionError
}

/** Misspelt, they look like a name in the wrong place. */
const operators = ['and', 'between', 'else', 'end', 'like', 'not', 'then', 'when', 'from']

export function createCursor(tokens: readonly Token[]): Cursor {
  const last: Token = tokens.at(-1) ?? { kind: 'end', text: '', at: 0 }
  let index = 0
  const peek = (ahead = 0): Token => tokens[index + ahead] ?? last
  const sees = (what: string, ahead = 0): boolean => {
    const { kind, text } = peek(ahead)
    return (kind === 'word' || kind === 'symbol') && text.toLowerCase() === what
  }
  const take = (): Token => {
    const token = peek()
    index += 1
    return token
  }
  const accept = (what: string): boolean => {
    const seen = sees(what)
    if (seen) take()
    return seen
  }
  const unexpected = (expected: string, words: readonly string[] = operators): ConditionError => {
    const token = peek()
    return new ConditionError(`expected ${expected}, found ${describe(token)}${meant(token, words)}`, token.at)
  }
  const expect = (what: string, expected = what): void => {
    if (!accept(what)) throw unexpected(expected)
  }
  return { peek, sees, take, accept, expect, unexpected }
}

/** Texts are values, which messages never hold. */
function describe({ kind, text }: Token): string {
  if (kind === 'end') return 'the end'
  if (kind === 'text') return 'a text'
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

function meant({ kind, text }: Token, words: readonly string[]): string {
  const lower = text.toLowerCase()
  if (kind !== 'word' || words.includes(lower)) return ''
  const word = lower === 'ilike' ? "lower(x) like 'a%'" : nearest(text.slice(0, 40), words)
  return word === undefined ? '' : `; did you mean ${word}?`
}
