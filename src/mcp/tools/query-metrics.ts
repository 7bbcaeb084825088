import { z } from 'zod'
import type { NumbersTable } from '../../../schemas/numbers.ts'
import type { NumbersRequest } from '../../core/numbers.ts'
import { estimateTokens } from '../../core/tokens.ts'
import { askMeant, chosenMetrics } from '../ask-meant.ts'
import { fillList } from '../fill-list.ts'
import { forAgents } from '../metric-failure.ts'
import { presentChoice, presentRefusal, presentRow, presentTable } from '../present-numbers.ts'
import { defineTool, readOnly, type ToolContext } from '../tool.ts'

/** Below the 50,000 characters at which clients cut a result themselves. */
const maxCharacters = 48_000

const Words = z.string().refine((text) => text !== '' && text.length <= 4000, 'write 1 to 4,000 characters')

export const queryMetrics = defineTool({
  name: 'query_metrics',
  title: 'Query metrics',
  description:
    'Computes metrics by dimensions of describe_metric. Read notices first. A refusal says why no number can be proven right, and what would work; a choice, which metrics a word fits: ask again by name.',
  input: z.strictObject({
    metrics: z.array(Words).min(1).max(20),
    group_by: z.array(Words).max(20).optional().describe('Such as metric_time__month, customer__country'),
    where: Words.optional().describe("Such as customer__country in ('us', 'ca') and not is_test"),
    from: Words.optional().describe('2024, 2024-03 or 2024-03-31'),
    to: Words.optional().describe('Included'),
    order_by: z.array(Words).max(20).optional().describe('Columns; -NAME downwards'),
    limit: z.int().min(1).optional(),
    time_zone: Words.optional(),
    totals: z.boolean().optional(),
    token_budget: z.int().min(1000).max(12_000).default(8000),
  }),
  output: z.object({
    notices: z.array(z.string()).optional(),
    columns: z.array(z.looseObject({ name: z.string() })).optional(),
    rows: z.array(z.array(z.unknown())).optional().describe('Untrusted values of the database'),
    truncated: z.boolean().optional(),
    total_rows: z.int().optional().describe('Also when truncated'),
    totals: z.array(z.unknown()).optional().describe('Over everything'),
    receipt: z.unknown().optional().describe('Proof, for `aquifer metrics verify`'),
    refusal: z.looseObject({ reason: z.string(), message: z.string() }).optional(),
    choice: z.looseObject({ asked: z.string() }).optional(),
  }),
  annotations: readOnly,
  run: async (input, context) => {
    const metrics = chosenMetrics(input.metrics, context.user)
    const { where, from, to, limit, totals, time_zone: timeZone } = input
    const request = { metrics, by: input.group_by, where, from, to, order: input.order_by, limit, timeZone, totals }
    const taken = metrics.flatMap((metric, index) =>
      metric === input.metrics[index]
        ? []
        : [`${input.metrics[index] ?? ''} was taken for ${metric}, as the user chose.`],
    )
    return answer(request, { ...context, tokens: input.token_budget, taken })
  },
})

interface Asking extends Pick<ToolContext, 'numbers' | 'caller' | 'signal' | 'user'> {
  readonly tokens: number
  readonly taken: readonly string[]
}

/** Asked once, as a rule: again with fewer rows only where what stands beside them is longer than expected. */
async function answer(request: NumbersRequest, { numbers, caller, signal, user, tokens, taken }: Asking) {
  const opened = await numbers()
  for (let room = tokens - tokensBesideRows(request); ;) {
    const fit = ({ rows }: Pick<NumbersTable, 'rows'>): number => fillList(rows.map(presentRow), room).length
    const options = { signal, maxRows: tokens, fit }
    const answered = await opened
      .ask(request, caller, options)
      .catch((error: unknown) => Promise.reject(forAgents(error)))
    if ('refusal' in answered) return { refusal: presentRefusal(answered.refusal) }
    if ('choice' in answered) {
      askMeant(user, request.metrics, answered.choice)
      return { choice: presentChoice(answered.choice) }
    }
    const shown = presentTable(answered, taken)
    const json = JSON.stringify(shown)
    const over = Math.max(estimateTokens(json) - tokens, Math.ceil((json.length - maxCharacters) / 4))
    if (over <= 0) return shown
    if (answered.rows.length <= 1) return json.length > maxCharacters ? withoutReceipt(shown) : shown
    room = Math.min(room, estimateTokens(JSON.stringify(shown.rows))) - over
  }
}

/** Only where a definition's scope is longer than any answer may be, for the receipt quotes it. */
function withoutReceipt(shown: ReturnType<typeof presentTable>) {
  const { receipt: _, ...rest } = shown
  return { ...rest, notices: [...shown.notices, 'The receipt is too long to show; `aquifer metrics query` writes it.'] }
}

/** What an answer costs beside its rows, about: the receipt, which quotes the question, and the columns. */
function tokensBesideRows({ metrics, by = [], where = '' }: NumbersRequest): number {
  return 220 + 60 * (metrics.length + by.length) + estimateTokens(where)
}
