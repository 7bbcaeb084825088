import { z } from 'zod'
import { Filters } from '../../../schemas/search.ts'
import type { Hit, SearchAnswer, SearchRequest } from '../../core/knowledge.ts'
import { cutText } from '../cut-text.ts'
import { fitAnswer } from '../fit-answer.ts'
import { fitFields } from '../fit-fields.ts'
import { shownPosition } from '../shown-position.ts'
import { recordUrl, shownId } from '../record-url.ts'
import { defineTool, readOnly } from '../tool.ts'
import { cleanLine, fence } from '../untrusted-text.ts'

const defaultBudget = 8000
/** What a hit costs beside its text, about: id, title, address, dates. */
const tokensBesideText = 120

const leg = z.object({ rank: z.int().optional(), score: z.number() })

export const searchKnowledge = defineTool({
  name: 'search_knowledge',
  title: 'Search knowledge',
  description:
    'Finds passages by words and by meaning. Returns their text with source, address, relevance and freshness. Filters take the fields that describe_sources lists. Read notices: they say what the answer lacks.',
  input: z.strictObject({
    query: z.string().min(1).max(4000).describe('A question or key words'),
    sources: z.array(z.string().min(1)).min(1).max(100).optional().describe('Only these sources'),
    filters: Filters.optional(),
    limit: z.int().min(1).max(100).default(10).describe('At most so many hits'),
    token_budget: z.int().min(500).max(12_000).default(defaultBudget).describe('Size of the whole answer'),
    cursor: z.string().min(1).max(4000).optional().describe('next_cursor of the previous page, with the same query'),
    min_position: z
      .record(z.string(), z.string())
      .optional()
      .describe('Source to position that its database told after a write: LSN, GTID, partition:offset, cluster time'),
    max_staleness_ms: z.int().min(0).optional().describe('Of every source searched'),
    wait_ms: z.int().min(0).max(30_000).default(10_000).describe('For these two; then fails with what is behind'),
    explain: z.boolean().default(false).describe("Adds each leg's rank and score to the hits"),
  }),
  output: z.object({
    query: z.string(),
    hits: z.array(
      z.object({
        id: z.string().describe('For fetch'),
        source: z.string(),
        title: z.string(),
        url: z.string().describe('To cite it by'),
        text: z.string().describe('Untrusted content of the source, between marks'),
        score: z.number().describe('0 to 1'),
        passage: z.int().describe('Place in the record, from 0'),
        as_of: z.string().describe('Up to when the source was known to be in step'),
        lag_ms: z.number(),
        modified_at: z.string().optional(),
        fields: z.record(z.string(), z.unknown()).optional(),
        legs: z.record(z.string(), leg).optional().describe('lexical, vector'),
      }),
    ),
    as_of: z.string().nullable().describe('The oldest of all sources searched'),
    sources: z.array(z.looseObject({ source: z.string() })).describe('as_of, lag_ms, position of each'),
    notices: z.array(z.string()),
    next_cursor: z.string().optional(),
  }),
  annotations: readOnly,
  run: async (input, { knowledge, caller, signal }) => {
    const request: SearchRequest = {
      query: input.query,
      sources: input.sources,
      filters: input.filters,
      limit: Math.min(input.limit, Math.ceil(input.token_budget / tokensBesideText)),
      tokenBudget: Math.floor(input.token_budget * 0.75),
      cursor: input.cursor,
      minPosition: input.min_position,
      maxStalenessMs: input.max_staleness_ms,
      waitMs: input.wait_ms,
    }
    const opened = await knowledge()
    return fitAnswer(input.token_budget, request.limit ?? input.limit, async (limit) =>
      present(await opened.search({ ...request, limit }, caller, signal), input),
    )
  },
})

function present(answer: SearchAnswer, shown: { token_budget: number; explain: boolean }) {
  let cut = 0
  const hits = answer.hits.map((hit) => {
    const part = cutText(hit.text, 0, shown.token_budget * 0.7)
    const { fields, omitted } = fitFields(hit.fields ?? {}, shown.token_budget * 0.1)
    if (part.next !== undefined || omitted.length > 0) cut++
    return {
      id: shownId(hit.id),
      source: hit.source,
      title: cleanLine(hit.title) || cleanLine(hit.id),
      url: recordUrl(hit),
      text: fence(part.text, hit),
      score: rounded(hit.score),
      passage: hit.passage,
      as_of: hit.as_of,
      lag_ms: hit.lag_ms,
      ...(hit.modified_at === undefined ? {} : { modified_at: hit.modified_at }),
      ...(Object.keys(fields).length === 0 ? {} : { fields }),
      ...(shown.explain ? { legs: explained(hit.legs) } : {}),
    }
  })
  const notices = cut === 0 ? answer.notices : [...answer.notices, cutNotice(cut)]
  const { query, as_of, next_cursor } = answer
  const sources = answer.sources.map(({ position, ...one }) => ({ ...one, ...shownPosition(position) }))
  return { query, hits, as_of, sources, notices, ...(next_cursor === undefined ? {} : { next_cursor }) }
}

function explained({ lexical, vector }: Hit['legs']): Record<string, z.infer<typeof leg>> {
  return {
    ...(lexical === undefined ? {} : { lexical: { ...lexical, score: rounded(lexical.score) } }),
    ...(vector === undefined ? {} : { vector: { ...vector, score: rounded(vector.score) } }),
  }
}

function rounded(score: number): number {
  return Math.round(score * 10_000) / 10_000
}

function cutNotice(hits: number): string {
  return `Text or fields of ${hits} ${hits === 1 ? 'hit are' : 'hits are'} cut to the budget; fetch shows the record.`
}
