import type { GlobalOptions, Run } from '../run.ts'
import { nothing } from './answer-columns.ts'
import { askNumbers } from './ask-numbers.ts'

export interface ValuesFlags extends GlobalOptions {
  readonly metric?: string
  readonly like?: string
  readonly limit: number
}

/** Values of a dimension, one a line. */
export async function listValues(run: Run, dimension: string, flags: ValuesFlags): Promise<number | void> {
  const { metric, like, limit } = flags
  return askNumbers(run, async ({ numbers, caller, wait }) => {
    const request = { dimension, metrics: metric === undefined ? [] : [metric], like, limit }
    const values = await wait('Asking the database', numbers.values(request, caller))
    run.print({ dimension, values }, () => {
      if (values.length > 0) return values.map((value) => (value === null ? nothing : String(value))).join('\n')
      return like === undefined ? `${dimension} has no values.` : `No value of ${dimension} is like that.`
    })
    if (values.length === limit) run.say(`The first ${String(limit)}; --limit N shows more, --like TEXT others.`)
  })
}
