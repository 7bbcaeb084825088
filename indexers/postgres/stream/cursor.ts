import { z } from 'zod'
import type { Json } from '../../../schemas/record.ts'

/** Where a streamed source goes on. */
const StreamCursor = z.strictObject({
  version: z.literal('stream 1'),
  /** See `Server.historySql`. */
  history: z.string(),
  /** Digest of what is read: the table, its columns and types. */
  shape: z.string(),
  /** Object ids of the tables that hold the rows: a partition that is attached brings rows that the log does not tell of. */
  parts: z.array(z.string()).readonly(),
  /** Everything that was committed before this place of the log has been handed over. */
  lsn: z.string().regex(/^[0-9A-F]+\/[0-9A-F]+$/),
  asOf: z.string(),
  /** A first read that has not ended, and the key columns of its last row: the log is followed from `lsn` after it. */
  pass: z.strictObject({ after: z.array(z.string()).readonly() }).nullable(),
  /** Records whose other tables changed before `lsn` and that have not all been handed over: what touches them, and the last key. */
  touched: z
    .strictObject({
      values: z.array(z.tuple([z.int(), z.array(z.array(z.string()).readonly()).readonly()]).readonly()).readonly(),
      after: z.array(z.string()).readonly(),
    })
    .nullable()
    .default(null),
})
export type StreamCursor = z.infer<typeof StreamCursor>

/** undefined where there is none, or another mode's: then everything is read. */
export function streamCursorOf(saved: Json | undefined): StreamCursor | undefined {
  return StreamCursor.safeParse(saved).data
}
