import type { CheckOutcome, Receipt } from '../../../schemas/numbers.ts'
import type { Access } from '../plan/access.ts'
import { isVisible } from '../plan/is-visible.ts'
import type { Question } from '../question.ts'
import type { NumbersContext } from './context.ts'
import type { Ran } from './run-compiled.ts'

/** The worst of them: failed also for one that could not be run. */
export function worst(outcomes: readonly CheckOutcome[]): Receipt['checks'] {
  if (outcomes.length === 0) return 'none'
  if (outcomes.some(({ status }) => status === 'failed' || status === 'error')) return 'failed'
  return outcomes.some(({ status }) => status === 'never') ? 'never' : 'passed'
}

interface Answered {
  readonly question: Question
  readonly outcomes: readonly CheckOutcome[]
  readonly ran: Ran
  readonly total: number
  readonly access: Access
  readonly models: readonly string[]
}

/** What to know before trusting an answer, the gravest first. */
export function noticesOf(
  context: NumbersContext,
  { question, outcomes, ran, total, access, models }: Answered,
): readonly string[] {
  return [
    ...outcomes
      .filter(({ status }) => status === 'failed' || status === 'error')
      .map((outcome) => failing(context, outcome)),
    ...question.metrics.flatMap((name) => deprecated(context, name, access)),
    ...(ran.truncated
      ? [
          `The first ${String(ran.rows.length)} of ${String(total)} rows; narrow the question, or ask for fewer columns.`,
        ]
      : []),
    ...models.flatMap((model) => {
      const least = access.minRows(model)
      return least === undefined ? [] : [`Groups of fewer than ${String(least)} rows of ${model} are left out.`]
    }),
  ]
}

function failing({ layer }: NumbersContext, { metric, name, status, message, at }: CheckOutcome): string {
  const certified = layer.metrics[metric]?.status === 'certified' ? `${metric} is certified, but its` : `${metric}: its`
  const what = status === 'failed' ? 'fails' : 'could not be run'
  return `${certified} check ${name} ${what}${message === null ? '' : `: ${message}`}${at === null ? '' : ` (${at})`}`
}

function deprecated({ layer }: NumbersContext, name: string, access: Access): readonly string[] {
  const { status, successor } = layer.metrics[name] ?? {}
  if (status !== 'deprecated') return []
  const isKnown = successor !== undefined && isVisible(layer, successor, access)
  return [`${name} is deprecated${isKnown ? `; use ${successor}.` : '.'}`]
}
