import { ConditionError } from './condition-error.ts'
import type { Cursor } from './cursor.ts'
import { knownDatePart, knownFunction, knownGrain } from './known-words.ts'
import { parseType } from './parse-type.ts'
import { parseList, type Reading } from './reading.ts'
import type { Token } from './read-tokens.ts'
import type { Tree } from './tree.ts'

const special: ReadonlyMap<string, (reading: Reading) => Tree> = new Map([
  ['cast', parseCast],
  ['date_trunc', parseTruncate],
  ['extract', parseExtract],
  ['metric', parseMetric],
])

/** From the parenthesis after `name` to the one that closes it. */
export function parseCall(reading: Reading, name: Token): Tree {
  const { cursor } = reading
  const parse = special.get(name.text.toLowerCase()) ?? parseFunction(name)
  cursor.expect('(')
  const tree = parse(reading)
  cursor.expect(')', 'an operator or )')
  return tree
}

function parseFunction(token: Token): (reading: Reading) => Tree {
  const { name, least, most } = knownFunction(token)
  return ({ cursor, expression }) => {
    const args = cursor.sees(')') ? [] : parseList(cursor, expression)
    if (args.length >= least && args.length <= most) return { kind: 'call', name, args }
    const exact = least === most ? `${least}` : undefined
    const expected = exact ?? (Number.isFinite(most) ? `${least} to ${most}` : `at least ${least}`)
    const plural = expected === '1' || expected === 'at least 1' ? '' : 's'
    throw new ConditionError(`expected ${expected} argument${plural} of ${name}, found ${args.length}`, token.at)
  }
}

function parseCast({ cursor, expression }: Reading): Tree {
  const of = expression()
  cursor.expect('as', 'as and a type, as in cast(x as date)')
  return { kind: 'cast', of, to: parseType(cursor) }
}

function parseTruncate({ cursor, expression }: Reading): Tree {
  if (cursor.peek().kind !== 'text') throw cursor.unexpected("a grain in quotes, as in date_trunc('month', x)")
  const grain = knownGrain(cursor.take())
  cursor.expect(',')
  return { kind: 'truncate', of: expression(), grain }
}

function parseExtract({ cursor, expression }: Reading): Tree {
  if (cursor.peek().kind !== 'word') throw cursor.unexpected('a part, as in extract(year from x)')
  const part = knownDatePart(cursor.take())
  cursor.expect('from')
  return { kind: 'extract', of: expression(), part }
}

/** `metric(bookings, listing)`: the name, then what it is asked by. */
function parseMetric({ cursor }: Reading): Tree {
  const [name = '', ...by] = parseList(cursor, () => parseName(cursor))
  return { kind: 'metric', name, by }
}

function parseName(cursor: Cursor): string {
  if (cursor.peek().kind === 'word') return cursor.take().text
  throw cursor.unexpected('names, as in metric(bookings, listing)')
}
