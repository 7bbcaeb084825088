import pLimit from 'p-limit'

import type { DialectName, Engine } from '../../../src/semantic/engine.ts'
import type { Question, Refusal, Table } from '../../../src/semantic/question.ts'
import { TooLong } from '../evaluator/refused.ts'
import { createRandom } from '../random.ts'
import { ask, evaluate } from './ask.ts'
import type { Outcome } from './ask.ts'
import { describeDifference } from './describe-difference.ts'
import { generateQuestion } from './generate-question.ts'
import type { Generated } from './generated.ts'

export interface Difference {
  readonly engine: DialectName
  readonly kind: Exclude<Outcome['kind'], 'same'>
  /** Of the first ones of each kind; empty afterwards. */
  readonly report: string
}

export interface Run {
  readonly questions: number
  /** Of each engine with the evaluator. */
  readonly comparisons: Readonly<Partial<Record<DialectName, number>>>
  /** How many questions have an answer, and how many none, by reason. */
  readonly expected: Readonly<Record<string, number>>
  readonly differences: readonly Difference[]
}

export interface Contestant {
  readonly engine: Engine
  /** It is asked every n-th question. */
  readonly every: number
}

const mostReports = 4

/** 'too long' for what only the engines have room for. */
function answerOf(generated: Generated, question: Question): Table | Refusal | 'too long' {
  try {
    return evaluate(generated, question)
  } catch (error) {
    if (error instanceof TooLong) return 'too long'
    throw error
  }
}

/** Asks each layer's questions of every contestant, and holds the answers against the evaluator's. */
export async function runDifferential(
  layers: readonly Generated[],
  perLayer: number,
  contestants: readonly Contestant[],
): Promise<Run> {
  const comparisons: Partial<Record<DialectName, number>> = {}
  const expected: Record<string, number> = {}
  const differences: Difference[] = []
  const slots = pLimit(6)
  for (const generated of layers) {
    const random = createRandom(generated.seed)
    const running = Array.from({ length: perLayer }, (_, index) => {
      const question = generateQuestion(random, generated)
      const answer = answerOf(generated, question)
      const reason = answer === 'too long' ? answer : 'reason' in answer ? answer.reason : 'answered'
      expected[reason] = (expected[reason] ?? 0) + 1
      if (answer === 'too long') return []
      const asked = contestants.filter(({ every }) => (generated.seed + index) % every === 0)
      return asked.map(({ engine }) =>
        slots(async () => {
          const { kind } = await ask(generated, question, answer, engine)
          comparisons[engine.dialect] = (comparisons[engine.dialect] ?? 0) + 1
          if (kind === 'same') return
          const isNew = differences.filter((one) => one.kind === kind).length < mostReports
          const report = isNew ? await describeDifference(generated, question, engine, kind) : ''
          differences.push({ engine: engine.dialect, kind, report })
        }),
      )
    })
    await Promise.all(running.flat())
  }
  return { questions: layers.length * perLayer, comparisons, expected, differences }
}
