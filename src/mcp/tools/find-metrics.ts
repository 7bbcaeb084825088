import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { MetricSummary } from '../../../schemas/numbers.ts'
import { AquiferError } from '../../core/errors.ts'
import type { SavedQuestion } from '../../core/numbers.ts'
import { estimateTokens } from '../../core/tokens.ts'
import { rankMetrics } from '../../semantic/rank-metrics.ts'
import { fillList } from '../fill-list.ts'
import { defineTool, readOnly } from '../tool.ts'
import { cleanLine } from '../untrusted-text.ts'

/** Of a metric's dimensions, the nearest: describe_metric has all. */
const shownDimensions = 12

export const findMetrics = defineTool({
  name: 'find_metrics',
  title: 'Find metrics',
  description:
    'Finds governed metrics (such as revenue) by name, synonym, description, scope and dimension, best first; all without a query. Prefer certified ones whose checks passed.',
  input: z.strictObject({
    query: z.string().max(1000).optional(),
    limit: z.int().min(1).max(500).default(100),
    token_budget: z.int().min(500).max(12_000).default(8000),
    cursor: z.string().max(200).optional(),
  }),
  output: z.object({
    metrics: z.array(
      z.looseObject({
        name: z.string(),
        status: z.string(),
        checks: z.string(),
        dimensions: z.array(z.string()).describe('The nearest; describe_metric has all'),
      }),
    ),
    saved_queries: z
      .array(z.looseObject({ name: z.string(), metrics: z.array(z.string()), group_by: z.array(z.string()) }))
      .optional()
      .describe('Ready questions about these; query_metrics takes their names as metrics'),
    total: z.int(),
    next_cursor: z.string().optional(),
  }),
  annotations: readOnly,
  run: async ({ query = '', limit, token_budget: tokens, cursor }, { numbers, caller }) => {
    const asked = await numbers()
    const found = rankMetrics(await asked.list(caller), query)
    const rest = cursor === undefined ? found : found.slice(placeAfter(cursor, found, query))
    const saved = fillSaved(await asked.savedQuestions(caller), rest.slice(0, limit), tokens / 4)
    const room = tokens - 60 - estimateTokens(JSON.stringify(saved))
    const metrics = fillList(rest.slice(0, limit).map(present), room)
    const last = metrics.at(-1)
    const more = last !== undefined && metrics.length < rest.length
    return {
      metrics,
      ...(saved.length === 0 ? {} : { saved_queries: saved }),
      total: found.length,
      ...(more ? { next_cursor: cursorOf(last.name, query) } : {}),
    }
  },
})

function present({ name, label, description, scope, status, checks, dimensions }: MetricSummary) {
  return {
    name,
    ...(label === null ? {} : { label: cleanLine(label, 100) }),
    ...(description === null ? {} : { description: cleanLine(description) }),
    ...(scope === null ? {} : { scope: cleanLine(scope) }),
    status,
    checks,
    dimensions: dimensions.slice(0, shownDimensions),
  }
}

/** As many as there is room for, of questions about these metrics alone. */
function fillSaved(questions: readonly SavedQuestion[], metrics: readonly MetricSummary[], tokens: number) {
  const shown = questions
    .filter((question) => question.metrics.every((name) => metrics.some((metric) => metric.name === name)))
    .map(({ name, description, metrics: about, by }) => ({
      name,
      ...(description === null ? {} : { description: cleanLine(description) }),
      metrics: [...about],
      group_by: [...by],
    }))
  const filled = fillList(shown, tokens)
  return estimateTokens(JSON.stringify(filled)) > tokens ? [] : filled
}

/** The last metric shown, and which question it was. */
function cursorOf(name: string, query: string): string {
  const digest = createHash('sha256').update(query).digest('base64url').slice(0, 8)
  return Buffer.from(`${digest}${name}`, 'utf8').toString('base64url')
}

function placeAfter(cursor: string, found: readonly MetricSummary[], query: string): number {
  const at = found.findIndex(({ name }) => cursorOf(name, query) === cursor)
  if (at >= 0) return at + 1
  throw new AquiferError(
    'PAGE_CURSOR_INVALID',
    'This cursor was not handed out for this query, or the metrics changed.',
  )
}
