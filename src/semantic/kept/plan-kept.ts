import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Compiled } from '../compile.ts'
import type { StandardGrain, Tree } from '../condition/tree.ts'
import { nodesIn } from '../condition/visit-tree.ts'
import { readMoment } from '../plan/read-moment.ts'
import type { Question } from '../question.ts'
import { additionOf, type Facts } from './facts-of.ts'
import type { KeptQuery } from './kept-queries.ts'
import { grainOfTime, isWithin, startOf } from './periods.ts'

/** A question that could be answered by the database, and is meant for a caller who may see everything it is about. */
export interface AskedQuestion {
  readonly question: Question
  readonly compiled: Compiled
  readonly facts: Facts
  readonly conditions: readonly Tree[]
}

export interface OrderKey {
  readonly name: string
  readonly descending: boolean
}

/** How an answer is made of the rows that are kept. */
export interface KeptPlan {
  readonly kept: KeptQuery
  /** Periods of this column are in [from, until). */
  readonly within:
    | { readonly column: string; readonly from: string | undefined; readonly until: string | undefined }
    | undefined
  /** Conditions of the question that the kept one does not have, over its columns. */
  readonly conditions: readonly Tree[]
  /** Periods of this column are added up: to those of a coarser one, or all. */
  readonly addUp:
    | { readonly column: string; readonly to: { readonly column: string; readonly grain: StandardGrain } | undefined }
    | undefined
  /** Names of the answer's columns, in their order. */
  readonly columns: readonly string[]
  /** undefined: as they are kept. */
  readonly order: readonly OrderKey[] | undefined
  readonly limit: number | undefined
}

/** undefined where it cannot be proven that the kept rows hold the answer. */
export function planKept(layer: MetricLayer, kept: KeptQuery, asked: AskedQuestion): KeptPlan | undefined {
  const { question, compiled } = asked
  if (!isAbout(kept, asked)) return undefined
  const conditions = furtherConditions(kept, asked)
  const within = boundsOf(kept, question)
  const addUp = additionUpOf(layer, kept, asked)
  const order = orderOf(question, compiled)
  if (conditions === undefined || within === 'unaligned' || addUp === 'impossible' || order === undefined)
    return undefined
  const changed = conditions.length > 0 || within !== undefined || addUp !== undefined
  if (changed && !(asked.facts.plain && question.metrics.length > 0)) return undefined
  // What is chosen depends on the rows that a condition leaves.
  if (conditions.length > 0 && (asked.facts.chosen || !conditions.every((tree) => speaksOf(kept, tree))))
    return undefined
  const plan = { kept, within, conditions, addUp, columns: compiled.columns.map(({ name }) => name) }
  if (kept.question.limit === undefined) return { ...plan, order, limit: question.limit }
  const whole = changed || (question.limit ?? Infinity) > kept.question.limit
  if (whole || !isSame(order, orderOf(kept.question, kept.compiled))) return undefined
  return { ...plan, order: undefined, limit: question.limit }
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
const isSameSet = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size === other.size && [...one].every((key) => other.has(key))

/** Of the same facts, so that it has the same groups. */
function isAbout({ question, compiled, facts }: KeptQuery, asked: AskedQuestion): boolean {
  const other = asked.question
  if (compiled.connection !== asked.compiled.connection || compiled.timeZone !== asked.compiled.timeZone) return false
  if (other.extent || (other.metrics.length === 0 && !other.distinct)) return false
  if ((question.metrics.length === 0) !== (other.metrics.length === 0)) return false
  if (other.metrics.length === 0 && (other.from !== undefined || other.to !== undefined)) return false
  return other.metrics.every((metric) => question.metrics.includes(metric)) && isSameSet(facts.keys, asked.facts.keys)
}

/** undefined where the kept question has a condition that this one has not. */
function furtherConditions(kept: KeptQuery, asked: AskedQuestion): readonly Tree[] | undefined {
  const left = [...asked.conditions]
  for (const condition of kept.conditions) {
    const at = left.findIndex((one) => isSame(one, condition))
    if (at === -1) return undefined
    left.splice(at, 1)
  }
  return left.filter((one) => !kept.conditions.some((condition) => isSame(one, condition)))
}

function speaksOf({ compiled }: KeptQuery, tree: Tree): boolean {
  const names = dimensionsOf(compiled)
  return nodesIn(tree).every((node) => node.kind !== 'metric' && (node.kind !== 'name' || names.includes(node.name)))
}

/** Columns of metric_time, the finest first. */
function timesIn({ compiled }: KeptQuery): readonly { readonly column: string; readonly grain: StandardGrain }[] {
  const times = compiled.columns.flatMap(({ name }) => {
    const grain = grainOfTime(name)
    return grain === undefined ? [] : [{ column: name, grain }]
  })
  return times.toSorted((a, b) => (isWithin(a.grain, b.grain) ? -1 : isWithin(b.grain, a.grain) ? 1 : 0))
}

function boundsOf(kept: KeptQuery, { from: first, to: last }: Question): KeptPlan['within'] | 'unaligned' {
  if (first === undefined && last === undefined) return undefined
  const [time] = timesIn(kept)
  const from = first === undefined ? undefined : readMoment(first)?.first
  const until = last === undefined ? undefined : readMoment(last)?.after
  if (time === undefined || (from === undefined && until === undefined)) return 'unaligned'
  const { column, grain } = time
  const ends = [from, until].filter((end) => end !== undefined)
  return ends.every((end) => startOf(end, grain) === end) ? { column, from, until } : 'unaligned'
}

const dimensionsOf = ({ columns }: Compiled): readonly string[] =>
  columns.flatMap(({ name, kind }) => (kind === 'metric' ? [] : [name]))

function additionUpOf(layer: MetricLayer, kept: KeptQuery, asked: AskedQuestion): KeptPlan['addUp'] | 'impossible' {
  const [own, wanted] = [dimensionsOf(kept.compiled), dimensionsOf(asked.compiled)]
  const missing = own.filter((name) => !wanted.includes(name))
  const added = wanted.filter((name) => !own.includes(name))
  if (missing.length === 0 && added.length === 0) return undefined
  const [time, another] = timesIn(kept)
  if (time === undefined || another !== undefined || !isSame(missing, [time.column])) return 'impossible'
  const { values } = asked.facts
  if (asked.question.metrics.some((metric) => additionOf(layer, values.get(metric)) === undefined)) return 'impossible'
  const [column, more] = added
  if (column === undefined) return { column: time.column, to: undefined }
  const grain = grainOfTime(column)
  if (more !== undefined || grain === undefined || !isWithin(time.grain, grain)) return 'impossible'
  return { column: time.column, to: { column, grain } }
}

/** By what the question says, then by the other columns upwards; undefined where that is not plain to see. */
function orderOf({ order, by }: Question, { columns }: Compiled): readonly OrderKey[] | undefined {
  const given: OrderKey[] = []
  for (const text of order) {
    const descending = text.startsWith('-')
    const written = descending ? text.slice(1) : text
    const at = by.indexOf(written)
    const found = columns.find(({ name }) => name === written)?.name ?? columns[at]?.name
    if (found === undefined || given.some(({ name }) => name === found)) return undefined
    given.push({ name: found, descending })
  }
  const rest = columns.filter(({ name, kind }) => kind !== 'metric' && !given.some((key) => key.name === name))
  return [...given, ...rest.map(({ name }) => ({ name, descending: false }))]
}
