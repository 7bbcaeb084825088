import type { Choice } from '../../../schemas/numbers.ts'
import type { z } from 'zod'
import type { NumbersRequest } from '../../core/numbers.ts'
import { decimalTexts } from './decimal-texts.ts'
import { queryCommand } from './query-command.ts'
import { wordTable } from './word-table.ts'

/** Which definitions fit a word, what each gives, and how to ask for one. */
export function choiceText(
  { asked, options, difference }: z.infer<typeof Choice>,
  request: NumbersRequest,
  width: number | undefined,
): string {
  const { texts } = decimalTexts(options.map(({ value }) => value))
  const rows = options.map(({ metric, status, scope, description }, index) => [
    metric,
    texts[index] ?? 'refused',
    status,
    scope ?? description ?? '',
  ])
  return [
    `${asked} can mean any of these:`,
    '',
    wordTable(['metric', 'value', 'status', 'what counts'], rows, { width, cut: ['what counts'], right: ['value'] }),
    '',
    difference,
    'Ask for one:',
    ...options.map(({ metric }) => {
      const metrics = request.metrics.map((word) => (word === asked ? metric : word))
      return `  ${queryCommand({ ...request, metrics })}`
    }),
  ].join('\n')
}
