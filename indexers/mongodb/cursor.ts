import { BSON } from 'mongodb'
import { z } from 'zod'
import { Json } from '../../schemas/record.ts'
import { expired } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

const Cursor = z.strictObject({
  version: z.literal(1),
  /** The collection's own id: another one under the same name, or on another server, has another. */
  collection: z.string(),
  /** Resume token, as extended JSON. */
  token: z.record(z.string(), Json),
  /** Everything up to then has been handed over, but for the rest of the first read. */
  asOf: z.string(),
  /** A first read that has not ended, and the last `_id` it read, as BSON in base64. */
  pass: z.strictObject({ after: z.string().nullable() }).nullable(),
})
export type Cursor = z.infer<typeof Cursor>

export function parseCursor(saved: Json | undefined, place: Place): Cursor | undefined {
  if (saved === undefined) return undefined
  const cursor = Cursor.safeParse(saved)
  if (!cursor.success) throw expired(place, 'its cursor is not one of this version', cursor.error)
  return cursor.data
}

export function packToken(token: unknown): Cursor['token'] {
  return z.record(z.string(), Json).parse(BSON.EJSON.serialize(token, { relaxed: false }))
}

export function unpackToken(token: Cursor['token']): unknown {
  return BSON.EJSON.deserialize(token, { relaxed: false })
}

/** Order of two tokens; undefined where they are not the text that MongoDB says can be compared. */
export function compareTokens(left: Cursor['token'], right: Cursor['token']): number | undefined {
  const [a, b] = [left['_data'], right['_data']]
  if (typeof a !== 'string' || typeof b !== 'string' || !/^[0-9A-F]+$/.test(a) || !/^[0-9A-F]+$/.test(b))
    return undefined
  return a === b ? 0 : a < b ? -1 : 1
}

export function packId(id: unknown): string {
  return Buffer.from(BSON.serialize({ _id: id })).toString('base64')
}
