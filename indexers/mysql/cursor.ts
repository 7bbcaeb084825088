import { z } from 'zod'
import type { Json } from '../../schemas/record.ts'
import { expired } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

/** A place in the log of one server. */
export const LogPlace = z.strictObject({
  /** Transactions up to here, as the server writes them: a set of MySQL's, or the last one of each domain of MariaDB's. */
  gtid: z.string(),
  file: z.string(),
  offset: z.number(),
})
export type LogPlace = z.infer<typeof LogPlace>

export type LogEnd = Omit<LogPlace, 'gtid'>

/** Where a source goes on. */
const Cursor = z.strictObject({
  version: z.literal(1),
  /** See `Server.history`. */
  history: z.string(),
  /** Digest of what is read: the table, its columns and key. */
  shape: z.string(),
  log: LogPlace,
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

/** Negative where `left` comes first in the log. Files are numbered, and the number may grow a digit. */
export function comparePlaces(left: LogEnd, right: LogEnd): number {
  return numberOf(left.file) - numberOf(right.file) || left.offset - right.offset
}

function numberOf(file: string): number {
  return Number(/\d+$/.exec(file)?.[0] ?? 0)
}
