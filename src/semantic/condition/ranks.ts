import type { Operator } from './tree.ts'

/** How closely parts of a condition bind, from the loosest. `not` stands before, comparisons stand alone (no a < b < c). */
export const rank = {
  or: 1,
  and: 2,
  not: 3,
  comparison: 4,
  concat: 5,
  sum: 6,
  product: 7,
  sign: 8,
  primary: 9,
} as const

export const operatorRanks: Readonly<Record<Operator, number>> = {
  or: rank.or,
  and: rank.and,
  '=': rank.comparison,
  '<>': rank.comparison,
  '<': rank.comparison,
  '<=': rank.comparison,
  '>': rank.comparison,
  '>=': rank.comparison,
  like: rank.comparison,
  '||': rank.concat,
  '+': rank.sum,
  '-': rank.sum,
  '*': rank.product,
  '/': rank.product,
  '%': rank.product,
}

/** Words that are no bare names; a dimension of such a name is written `{{ Dimension('end') }}`. */
export const reservedWords: ReadonlySet<string> = new Set([
  'and',
  'between',
  'case',
  'else',
  'end',
  'false',
  'in',
  'is',
  'like',
  'not',
  'null',
  'or',
  'then',
  'true',
  'when',
])
