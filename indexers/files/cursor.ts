import { z } from 'zod'
import type { Json } from '../../schemas/record.ts'

const Cursor = z.strictObject({
  /** Start of the last round that left nothing out; absent: everything is read. */
  startedAtMs: z.number().optional(),
  mounts: z.record(z.string(), z.string()),
  /** Keys of files and folders that could not be read, whatever their times say next time. */
  again: z.array(z.string()),
})
export type Cursor = z.infer<typeof Cursor>

const nothing: Cursor = { mounts: {}, again: [] }

/** A cursor that means nothing, or that is ahead of the clock, reads everything. */
export function parseCursor(cursor: Json | undefined, nowMs: number): Cursor {
  const { success, data } = Cursor.safeParse(cursor)
  if (!success) return nothing
  return (data.startedAtMs ?? 0) > nowMs ? { ...data, startedAtMs: undefined } : data
}
