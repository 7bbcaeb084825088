import { z } from 'zod'
import type { Json } from '../../schemas/record.ts'
import { expired } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

const Xid = z.string().regex(/^\d+$/)

/** Where a source goes on. */
const Cursor = z.strictObject({
  version: z.literal(1),
  /** See `Server.historySql`. */
  history: z.string(),
  /** Digest of what is read: the relation, its columns and types. */
  shape: z.string(),
  /** Object ids of the tables that hold the rows: a partition that is attached brings rows that are old already. */
  parts: z.array(Xid).readonly(),
  /** Snapshot that everything read since the last complete read goes back to. */
  xmin: Xid,
  xmax: Xid,
  asOf: z.string(),
  marks: z.strictObject({
    safe: z.string().nullable(),
    pending: z.array(z.strictObject({ value: z.string(), waiting: z.array(z.string()).readonly() })).readonly(),
  }),
  /** A first read that has not ended, and the key columns of its last row. */
  pass: z.strictObject({ after: z.array(z.string()).readonly() }).nullable(),
})
export type Cursor = z.infer<typeof Cursor>

export function parseCursor(saved: Json | undefined, place: Place): Cursor | undefined {
  if (saved === undefined) return undefined
  const cursor = Cursor.safeParse(saved)
  if (!cursor.success) throw expired(place, 'its cursor is not one of this version', cursor.error)
  return cursor.data
}
