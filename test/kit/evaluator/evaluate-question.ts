import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { AnswerColumn, Question, Refusal, Table } from '../../../src/semantic/question.ts'
import { evaluateWithoutMetrics } from './answer-without-metrics.ts'
import { defaultGrainOf, readBounds } from './context.ts'
import type { Context } from './context.ts'
import { evaluateFact } from './evaluate-fact.ts'
import { evaluateTree } from './evaluate-tree.ts'
import type { World } from './find-row.ts'
import { factsIn, readConditions, readFormula } from './formula.ts'
import type { Fact, Formula } from './formula.ts'
import { formatMoment } from './moment.ts'
import { orderRows } from './order-rows.ts'
import type { Lines } from './order-rows.ts'
import { Refused } from './refused.ts'
import { resolveName } from './resolve.ts'
import type { Column } from './resolve.ts'
import { checkZone } from './check-zone.ts'
import { checkConditions } from './holds.ts'
import { isMoment, keyOf } from './value.ts'
import type { Row, Value } from './value.ts'

/** What a question's answer is by the rules in src/semantic/README.md: row by row, by loops, without SQL. */
export function evaluateQuestion(
  layer: MetricLayer,
  tables: Readonly<Record<string, readonly Row[]>>,
  question: Question,
): Table | Refusal {
  const world: World = { layer, tables, zone: question.timeZone ?? 'UTC' }
  try {
    const { columns, lines } =
      question.metrics.length === 0 ? evaluateWithoutMetrics(world, question) : evaluateMetrics(world, question)
    refuseTwice(columns.map(({ name }) => name))
    const rows = orderRows(columns, lines, question)
    return { columns: columns.map((column, index) => answerColumn(column, index, rows)), rows: rows.map(cellsOf) }
  } catch (error) {
    if (error instanceof Refused) return { reason: error.reason, message: error.message, nearest: [] }
    throw error
  }
}

function refuseTwice(names: readonly string[]): void {
  if (new Set(names).size < names.length) throw new Refused('unsupported', 'a column asked for twice')
}

function evaluateMetrics(world: World, question: Question): Lines {
  const above = { conditions: readConditions(question.where, 'question', 0, undefined), shifts: [] }
  const formulas = question.metrics.map((name) => readFormula(world.layer, name, above))
  const facts = formulas.flatMap(factsIn)
  const defaultGrain = defaultGrainOf(world, question.metrics)
  const columns = question.by.map((name) => resolveName(world, facts, name, defaultGrain))
  const bounds = readBounds(question)
  if (bounds.isGiven && facts.some(({ time }) => time === undefined)) {
    throw new Refused('unreachable', 'a measure without time')
  }
  const known = new Map<string, readonly (readonly Value[])[]>()
  const context: Context = {
    world,
    scopes: facts,
    columns,
    bounds,
    defaultGrain,
    valuesOf(metric, by) {
      const key = [metric, ...by].join(' ')
      const asked = { ...question, metrics: [metric], by, where: undefined, from: undefined, to: undefined }
      const values = known.get(key) ?? evaluateMetrics(world, asked).lines
      known.set(key, values)
      return values
    },
  }
  for (const fact of facts) checkConditions(context, fact)
  checkZone(context, facts, question)
  return {
    columns: [...columns, ...question.metrics.map((name) => ({ name, kind: 'metric' as const }))],
    lines: meet(context, facts, formulas),
  }
}

/** Facts meet where their columns are equal; each metric is computed of what they have there. */
function meet(context: Context, facts: readonly Fact[], formulas: readonly Formula[]): Lines['lines'] {
  const values = new Map<Fact, Map<string, Value>>()
  const lines = new Map<string, readonly Value[]>()
  for (const fact of facts) {
    const groups = evaluateFact(context, fact)
    values.set(fact, new Map(groups.map((group) => [keyOf(group.columns), group.value])))
    for (const { columns } of groups) lines.set(keyOf(columns), columns)
  }
  return [...lines].map(([key, columns]) => [
    ...columns,
    ...formulas.map((formula) => compute(formula, (fact) => values.get(fact)?.get(key) ?? null)),
  ])
}

function compute(formula: Formula, valueOf: (fact: Fact) => Value): Value {
  if (formula.kind === 'fact') return valueOf(formula.fact) ?? formula.fact.fill ?? null
  if (formula.kind === 'ratio') {
    const numerator = compute(formula.numerator, valueOf)
    const denominator = compute(formula.denominator, valueOf)
    if (typeof numerator !== 'number' || typeof denominator !== 'number' || denominator === 0) return null
    return numerator / denominator
  }
  return evaluateTree(formula.tree, {
    name: ({ name }) => {
      const input = formula.inputs.get(name)
      if (input === undefined) throw new Error(`no input ${name}`)
      return compute(input, valueOf)
    },
    metric: () => {
      throw new Error('no metric() within the arithmetic of a derived metric')
    },
  })
}

const cellsOf = (line: readonly Value[]): Table['rows'][number] =>
  line.map((value) => (isMoment(value) ? formatMoment(value) : value))

function answerColumn(
  { name, kind }: Pick<Column, 'name'> & Pick<AnswerColumn, 'kind'>,
  index: number,
  rows: Lines['lines'],
): AnswerColumn {
  const value = rows.map((line) => line[index] ?? null).find((one) => one !== null)
  if (isMoment(value ?? null)) return { name, kind, type: 'timestamp' }
  if (typeof value === 'boolean') return { name, kind, type: 'boolean' }
  return { name, kind, type: typeof value === 'string' ? 'text' : 'number' }
}
