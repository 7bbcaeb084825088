import { AquiferError } from '../../../src/core/errors.ts'
import { compileQuestion } from '../../../src/semantic/compile.ts'
import type { Engine } from '../../../src/semantic/engine.ts'
import { accessOf } from '../../../src/semantic/plan/access.ts'
import type { Question, Refusal, Table } from '../../../src/semantic/question.ts'
import { evaluateQuestion } from '../evaluator/evaluate-question.ts'
import { findDifference } from './compare-answers.ts'
import type { Generated } from './generated.ts'

export interface Outcome {
  /**
   * `wrong`: a number or a row that is not the expected one. `unsound`: an answer where there is none. `cautious`: a refusal
   * where the evaluator has an answer; that is a question less, but no wrong number.
   */
  readonly kind: 'same' | 'wrong' | 'unsound' | 'cautious' | 'failure'
  readonly expected: string
  readonly what: string
  readonly sql: string
}

const limits = { rows: 100_000, bytes: 100_000_000, timeoutMs: 60_000 }

export function evaluate({ layer, tables }: Generated, question: Question): Table | Refusal {
  const rows = Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, table.rows]))
  return evaluateQuestion(layer, rows, question)
}

/** Holds an engine's answer against the expected one. */
export async function ask(
  generated: Generated,
  question: Question,
  expected: Table | Refusal,
  engine: Engine,
): Promise<Outcome> {
  const compiled = compile(generated, question, engine)
  const refused = 'refusal' in compiled ? compiled.refusal : undefined
  const reason = 'reason' in expected ? expected.reason : 'table'
  const outcome = { expected: reason, sql: 'refusal' in compiled ? '' : compiled.statement.sql }
  if ('reason' in expected) {
    return refused === undefined
      ? { ...outcome, kind: 'unsound', what: `an answer in place of ${expected.reason}: ${expected.message}` }
      : { ...outcome, kind: 'same', what: refused.reason }
  }
  if (refused !== undefined || 'refusal' in compiled) {
    return { ...outcome, kind: 'cautious', what: `${refused?.reason ?? ''}: ${refused?.message ?? ''}` }
  }
  try {
    const given = await engine.run(compiled.statement, { limits, tables: compiled.tables })
    const { limit, ...unlimited } = question
    const all = limit === undefined ? expected : evaluate(generated, { ...unlimited })
    const difference = 'reason' in all ? all.reason : findDifference(expected, all, given)
    if (difference === undefined) return { ...outcome, kind: 'same', what: '' }
    return { ...outcome, kind: 'wrong', what: `${difference}\n${JSON.stringify(given.rows)}` }
  } catch (error) {
    return { ...outcome, kind: 'failure', what: describe(error) }
  }
}

type Compiled = ReturnType<typeof compileQuestion>

function compile({ layer }: Generated, question: Question, engine: Engine): Compiled {
  const access = accessOf(layer, { id: 'test', groups: [], admin: true }, undefined)
  try {
    return compileQuestion(layer, question, { dialect: engine.dialect, access })
  } catch (error) {
    if (!(error instanceof AquiferError) || error.code !== 'METRIC_QUESTION_INVALID') throw error
    return { refusal: { reason: 'unsupported', message: error.message, nearest: [] } }
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}
