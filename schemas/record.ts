import { z } from 'zod'

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export const Json: z.ZodType<Json> = z.json()

/** One row as read: column name to lossless JSON (numbers that JavaScript would round stay text). */
export type Row = Readonly<Record<string, Json>>
export const Row: z.ZodType<Row> = z.record(z.string(), Json)

const Document = z.strictObject({
  path: z.string(),
  mediaType: z.string(),
  text: z.string(),
})

/** What an indexer hands over for one record: a row to map, or a document to parse. */
export const Content = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('row'),
    row: Row,
    sparse: z
      .literal(true)
      .optional()
      .describe('The source has no columns that all its items share: one that is missing here is null'),
  }),
  z.strictObject({ kind: z.literal('document'), document: Document }),
])
export type Content = z.infer<typeof Content>

const place = { source: z.string().min(1), key: z.string().min(1).max(2000), position: z.string() }

/** The indexer's output, checked at the edge of the pipeline. */
export const Change = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('put'),
    ...place,
    digest: z.string().min(1),
    modifiedAt: z.string().optional(),
    content: Content,
  }),
  z.strictObject({ kind: z.literal('delete'), ...place }),
  z.strictObject({ kind: z.literal('reject'), ...place, code: z.string(), message: z.string() }),
  z.strictObject({
    kind: z.literal('checkpoint'),
    source: z.string().min(1),
    position: z.string(),
    cursor: Json,
    asOf: z.string(),
    partial: z
      .literal(true)
      .optional()
      .describe(
        'A place to go on from in the middle of a read: not everything up to the position has been handed over yet',
      ),
    compare: z
      .literal(true)
      .optional()
      .describe('Items may have been deleted before it without a word: they are to be found by comparing keys'),
  }),
])
export type Change = z.infer<typeof Change>
