import type { Choice } from '../../schemas/numbers.ts'
import { cleanLine } from './untrusted-text.ts'
import type { Selection, User } from './user.ts'

const field = (index: number): string => `metric_${String(index)}`

/** The metrics as asked for, with what the user chose in place of words that several fit. */
export function chosenMetrics(asked: readonly string[], { answers }: User): readonly string[] {
  return asked.map((word, index) => answers[field(index)] ?? word)
}

/** Asks the user which metric a word means, where that is possible; what was chosen in earlier rounds comes along. */
export function askMeant(user: User, metrics: readonly string[], { asked, options, difference }: Choice): void {
  const index = metrics.indexOf(asked)
  if (index === -1) return
  const before = metrics.flatMap((metric, at): [string, Selection][] =>
    Object.hasOwn(user.answers, field(at))
      ? [[field(at), { title: metric, options: [{ value: metric, title: metric }] }]]
      : [],
  )
  const selection = {
    title: asked,
    options: options.map((option) => ({ value: option.metric, title: optionText(option) })),
  }
  user.ask(`Several metrics are called ${cleanLine(asked, 100)}. Which one is meant? ${difference}`, {
    ...Object.fromEntries(before),
    [field(index)]: selection,
  })
}

function optionText({ metric, scope, description, status, value }: Choice['options'][number]): string {
  const what = scope ?? description
  return `${metric} = ${value === null ? 'none' : String(value)} (${status})${what === null ? '' : `: ${what}`}`
}
