import { z } from 'zod'
import { Json } from './record.ts'

const Leg = z.object({ rank: z.int().min(1).optional(), score: z.number() })

/** One passage found, authorised and re-read from the ledger. */
export const Hit = z.object({
  id: z.string().describe('Record id, for fetch'),
  source: z.string(),
  title: z.string(),
  url: z.string(),
  text: z.string().describe('The passage; untrusted content of the source'),
  score: z.number().describe('Fused score, 0 to 1'),
  as_of: z.string().describe('Up to when the source was known to be in step (ISO 8601)'),
  lag_ms: z.number().describe('Age of as_of when answered, in milliseconds'),
  modified_at: z.string().optional(),
  fields: z.record(z.string(), Json).optional(),
  passage: z.int().min(0).describe('Place of the passage in its record, from 0'),
  legs: z.object({ lexical: Leg.optional(), vector: Leg.optional() }),
})
export type Hit = z.infer<typeof Hit>

/** How fresh one source is in the answer. */
export const SourceFreshness = z.object({
  source: z.string(),
  as_of: z.string().nullable().describe('Up to when the source was known to be in step (ISO 8601)'),
  lag_ms: z.number().nullable(),
  position: z.string().nullable().describe('Up to where every store holds the source, in its own terms'),
})
export type SourceFreshness = z.infer<typeof SourceFreshness>

export const SearchAnswer = z.object({
  query: z.string(),
  hits: z.array(Hit),
  as_of: z.string().nullable().describe('The oldest as_of of the sources searched'),
  sources: z.array(SourceFreshness).describe('Of the hits, and those that were named'),
  notices: z.array(z.string()).describe('What the reader must know, such as a leg that did not answer'),
  next_cursor: z.string().optional().describe('Pass as cursor for the next page'),
})
export type SearchAnswer = z.infer<typeof SearchAnswer>

export const Filters = z
  .record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()])).min(1)]),
  )
  .describe('Declared field to value, or to several values of which any may match')
export type Filters = z.infer<typeof Filters>

/** One record whole, as `fetch` gives it. */
export const RecordView = z.object({
  id: z.string(),
  source: z.string(),
  title: z.string(),
  url: z.string(),
  text: z.string(),
  fields: z.record(z.string(), Json),
  position: z.string().describe("Of the record's last change"),
  modified_at: z.string().optional(),
  source_position: z.string().nullable().describe('Up to where the ledger holds the source'),
  as_of: z.string(),
  lag_ms: z.number(),
})
export type RecordView = z.infer<typeof RecordView>

/** One source as `status` and `describe_sources` show it. */
export const SourceView = z.object({
  name: z.string(),
  type: z.string(),
  state: z.enum(['new', 'syncing', 'idle', 'failed', 'removed']),
  description: z.string().optional(),
  owner: z.string().optional(),
  fields: z.array(z.string()),
  position: z.string().nullable(),
  ledger_position: z.string().nullable(),
  as_of: z.string().nullable(),
  lag_ms: z.number().nullable(),
  freshness: z.enum(['ok', 'warn', 'error', 'unknown']),
  records: z.int(),
  chunks: z.int().nullable().describe("Null where it is not the caller's to know"),
  dead_letters: z.int().nullable(),
  deletes_checked_at: z.string().nullable().describe('When deletes were last looked for by comparing keys'),
  last_error: z.object({ code: z.string(), message: z.string(), at: z.string() }).nullable(),
  verified: z
    .object({ at: z.string(), differences: z.int(), mended: z.int(), complete: z.boolean() })
    .nullable()
    .describe('When all stores were last compared with the source, and what differed'),
})
export type SourceView = z.infer<typeof SourceView>

const StoreView = z.object({
  name: z.string(),
  kind: z.enum(['ledger', 'lexical']),
  generation: z.int(),
  chunks: z.int().nullable(),
  behind: z.int().nullable().describe('Records not yet projected; null when unknown'),
})

export const Status = z.object({
  sources: z.array(SourceView),
  stores: z.array(StoreView),
  usage: z.object({ tokens: z.number(), cost: z.number() }),
  notices: z.array(z.string()),
})
export type Status = z.infer<typeof Status>
