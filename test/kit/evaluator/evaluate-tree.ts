import type { CastType, FunctionName, Operator, Tree } from '../../../src/semantic/condition/tree.ts'
import { formatMoment, parseMoment, partOf, startOf } from './moment.ts'
import { compareValues, isMoment } from './value.ts'
import type { Moment, Value } from './value.ts'

type Of<K extends Tree['kind']> = Extract<Tree, { kind: K }>

/** What a tree speaks of. */
export interface Surroundings {
  name(tree: Of<'name'>): Value
  metric(tree: Of<'metric'>): Value
}

/** A tree's value; in SQL's three-valued logic, null is unknown. */
export function evaluateTree(tree: Tree, surroundings: Surroundings): Value {
  const evaluate = (part: Tree): Value => evaluateTree(part, surroundings)
  if (tree.kind === 'value') return tree.value
  if (tree.kind === 'name') return surroundings.name(tree)
  if (tree.kind === 'metric') return surroundings.metric(tree)
  if (tree.kind === 'call') return call(tree.name, tree.args.map(evaluate))
  if (tree.kind === 'operation') return operate(tree.operator, evaluate(tree.left), evaluate(tree.right))
  if (tree.kind === 'case') {
    const branch = tree.branches.find(({ when }) => evaluate(when) === true)
    const result = branch === undefined ? tree.otherwise : branch.then
    return result === undefined ? null : evaluate(result)
  }
  const value = evaluate(tree.of)
  if (tree.kind === 'is_null') return value === null
  if (value === null) return null
  if (tree.kind === 'in') {
    return tree.list.map((item) => operate('=', value, evaluate(item))).reduce(or, false)
  }
  if (tree.kind === 'not') return !isTrue(value)
  if (tree.kind === 'negative') return -numberOf(value)
  if (tree.kind === 'cast') return casts[tree.to](value)
  if (tree.kind === 'truncate') return { ms: startOf(momentOf(value).ms, tree.grain) }
  return partOf(momentOf(value).ms, tree.part)
}

function isTrue(value: Value): boolean {
  if (typeof value === 'boolean') return value
  throw new Error(`${JSON.stringify(value)} is no condition`)
}

function numberOf(value: Value): number {
  if (typeof value === 'number') return value
  throw new Error(`${JSON.stringify(value)} is no number`)
}

export function momentOf(value: Given): Moment {
  if (isMoment(value)) return value
  if (typeof value === 'string') return { ms: parseMoment(value).ms }
  throw new Error(`${JSON.stringify(value)} is no moment`)
}

function textOf(value: Given): string {
  return isMoment(value) ? formatMoment(value) : String(value)
}

/** A literal beside a moment is a moment. */
function compare(left: Given, right: Given): number {
  return isMoment(left) || isMoment(right) ? compareValues(momentOf(left), momentOf(right)) : compareValues(left, right)
}

type Given = Exclude<Value, null>

const or = (left: Value, right: Value): Value => operate('or', left, right)

const operations: Readonly<Record<Exclude<Operator, 'and' | 'or'>, (left: Given, right: Given) => Value>> = {
  '=': (left, right) => compare(left, right) === 0,
  '<>': (left, right) => compare(left, right) !== 0,
  '<': (left, right) => compare(left, right) < 0,
  '<=': (left, right) => compare(left, right) <= 0,
  '>': (left, right) => compare(left, right) > 0,
  '>=': (left, right) => compare(left, right) >= 0,
  '||': (left, right) => textOf(left) + textOf(right),
  like: (left, right) => isLike(textOf(left), textOf(right)),
  '+': (left, right) => numberOf(left) + numberOf(right),
  '-': (left, right) => numberOf(left) - numberOf(right),
  '*': (left, right) => numberOf(left) * numberOf(right),
  '/': (left, right) => (right === 0 ? null : numberOf(left) / numberOf(right)),
  '%': (left, right) => (right === 0 ? null : numberOf(left) % numberOf(right)),
}

function operate(operator: Operator, left: Value, right: Value): Value {
  if (operator === 'and' || operator === 'or') {
    const decisive = operator === 'or'
    if (left === decisive || right === decisive) return decisive
    return left === null || right === null ? null : isTrue(left) && isTrue(right)
  }
  return left === null || right === null ? null : operations[operator](left, right)
}

function isLike(text: string, pattern: string): boolean {
  const escaped = pattern.replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}$`, 'su').test(text)
}

function call(name: FunctionName, args: readonly Value[]): Value {
  if (name === 'coalesce') return args.find((arg) => arg !== null) ?? null
  const [first = null, second = null] = args
  if (name === 'nullif') return first !== null && second !== null && compare(first, second) === 0 ? null : first
  const given = args.filter((arg) => arg !== null)
  if (name === 'concat' || name === 'greatest' || name === 'least') {
    const [one] = given
    return one === undefined ? (name === 'concat' ? '' : null) : calls[name](one, given)
  }
  return given.length < args.length || first === null ? null : calls[name](first, given)
}

type Call = (first: Given, args: readonly Given[]) => Value

/** Of arguments that are all there: `concat`, `greatest` and `least` pass nulls over, the others are null of them. */
const calls: Readonly<Record<Exclude<FunctionName, 'coalesce' | 'nullif'>, Call>> = {
  abs: (first) => Math.abs(numberOf(first)),
  ceil: (first) => Math.ceil(numberOf(first)),
  floor: (first) => Math.floor(numberOf(first)),
  round: (first, [, digits = 0]) => round(numberOf(first), numberOf(digits)),
  concat: (_, args) => args.map(textOf).join(''),
  greatest: (first, args) => args.reduce((best, one) => (compare(one, best) > 0 ? one : best), first),
  least: (first, args) => args.reduce((best, one) => (compare(one, best) < 0 ? one : best), first),
  length: (first) => Array.from(textOf(first)).length,
  lower: (first) => textOf(first).toLowerCase(),
  upper: (first) => textOf(first).toUpperCase(),
  trim: (first) => textOf(first).replaceAll(/^ +| +$/gu, ''),
}

/** Half away from zero. */
function round(value: number, digits: number): number {
  const factor = 10 ** digits
  return (Math.sign(value) * Math.round(Math.abs(value) * factor)) / factor
}

const casts: Readonly<Record<CastType, (value: Given) => Value>> = {
  boolean: (value) => (typeof value === 'boolean' ? value : value === 'true' || value === 1),
  date: (value) => ({ ms: startOf(momentOf(value).ms, 'day') }),
  timestamp: momentOf,
  integer: (value) => round(Number(value), 0),
  number: Number,
  text: textOf,
}
