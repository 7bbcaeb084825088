import { createBranch } from '../../src/semantic/condition/branch.ts'
import {
  type CastType,
  dateParts,
  type FunctionName,
  grains,
  type Operator,
  type Tree,
} from '../../src/semantic/condition/tree.ts'
import type { NameTree } from '../../src/semantic/condition/visit-tree.ts'
import type { Random } from './random.ts'

export const name = (name: string, more: Partial<NameTree> = {}): Tree => ({
  kind: 'name',
  name,
  path: [],
  grain: undefined,
  part: undefined,
  ...more,
})

export const value = (value: string | number | boolean | null): Tree => ({ kind: 'value', value })

export const operation = (left: Tree, operator: Operator, right: Tree): Tree => ({
  kind: 'operation',
  operator,
  left,
  right,
})

export const not = (of: Tree): Tree => ({ kind: 'not', of })
export const isNull = (of: Tree): Tree => ({ kind: 'is_null', of })
export const cast = (of: Tree, to: CastType): Tree => ({ kind: 'cast', of, to })
export const call = (name: FunctionName, ...args: readonly Tree[]): Tree => ({ kind: 'call', name, args })

const operators = ['+', '-', '*', '/', '%', '||', '=', '<>', '<', '<=', '>', '>=', 'and', 'or', 'like'] as const
const casts = ['boolean', 'date', 'integer', 'number', 'text', 'timestamp'] as const
const words = ['country', 'is_test', 'metric_time__month', 'user__Home_State', 'end', 'Date', 'metric', '_x1']
const texts = ['us', "it's", '', "''", '{{ x }}', '--', 'a;b', 'naïve 🦆', '\n\t', '\\', '"', '%_']
const numbers = [0, 1, -1, 0.05, -2.5, 1e21, 1e-7, -9007199254740991, 9007199254740991, 123456.789]

/** Any tree that text can stand for, at most so many levels deep. */
export function randomTree(random: Random, levels: number): Tree {
  const pick = <T>(items: readonly [T, ...(readonly T[])]): T => items[random.int(0, items.length - 1)] ?? items[0]
  const word = (): string => pick(words as [string, ...string[]])
  const some = (least: number): Tree[] => Array.from({ length: random.int(least, 3) }, below)
  const below = (): Tree => randomTree(random, levels - 1)
  const leaves: readonly [() => Tree, ...(() => Tree)[]] = [
    () => value(pick(texts as [string, ...string[]])),
    () => value(pick(numbers as [number, ...number[]])),
    () => value(pick([true, false, null])),
    () => name(word()),
    () => name(word(), { path: random.some(['listing', 'end'], 2), grain: pick([undefined, 'day', 'fiscal_quarter']) }),
    () => name(word(), { part: pick(dateParts) }),
    () => ({ kind: 'metric', name: word(), by: random.some(words, random.int(0, 2)) }),
  ]
  const nodes: readonly [() => Tree, ...(() => Tree)[]] = [
    () => operation(below(), pick(operators), below()),
    () => operation(below(), pick(operators), below()),
    () => not(below()),
    () => ({ kind: 'negative', of: below() }),
    () => isNull(below()),
    () => ({ kind: 'in', of: below(), list: some(1) }),
    () => cast(below(), pick(casts)),
    () => ({ kind: 'truncate', of: below(), grain: pick(grains) }),
    () => ({ kind: 'extract', of: below(), part: pick(dateParts) }),
    () => call('coalesce', ...some(1)),
    () => call(pick(['abs', 'ceil', 'floor', 'length', 'lower', 'round', 'trim', 'upper']), below()),
    () => call(pick(['nullif', 'round', 'concat', 'greatest', 'least']), below(), below()),
    () => ({
      kind: 'case',
      branches: some(1).map((when) => createBranch(when, below())),
      otherwise: pick([undefined, below()]),
    }),
  ]
  return levels > 0 && random.next() < 0.8 ? pick(nodes)() : pick(leaves)()
}
