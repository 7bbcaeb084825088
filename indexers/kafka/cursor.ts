import { z } from 'zod'
import type { Json } from '../../schemas/record.ts'
import type { KafkaSource } from './config.ts'
import { expired } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

const Offset = z.string().regex(/^\d+$/)

/** Where a source goes on. */
const Cursor = z.strictObject({
  version: z.literal(1),
  /** See `Topic.id`. */
  topic: z.string(),
  format: z.string(),
  /** By partition: the offset to read next, and under which leader the one before it was written (-1: not known). */
  partitions: z.record(z.string().regex(/^\d+$/), z.strictObject({ next: Offset, epoch: z.int() })),
  /** A time up to which everything was read; the time at which the first read began, while it has not ended. */
  since: z.iso.datetime(),
})
export type Cursor = z.infer<typeof Cursor>

/** CURSOR_EXPIRED for one that was not made by this version for this format. */
export function parseCursor(saved: Json | undefined, { format }: KafkaSource, place: Place): Cursor | undefined {
  if (saved === undefined) return undefined
  const cursor = Cursor.safeParse(saved)
  if (!cursor.success) throw expired(place, 'its cursor is not one of this version', cursor.error)
  if (cursor.data.format !== format) throw expired(place, 'its messages are read as another format')
  return cursor.data
}
