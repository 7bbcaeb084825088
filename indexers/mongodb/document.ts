import { BSON } from 'mongodb'
import type { Change } from '../../schemas/record.ts'
import { keyProblem, keyText } from './key-text.ts'
import { toObject } from './to-json.ts'

/** An `_id` as read with `exactly`. It may be a document as well, which the driver's types do not admit. */
export type Id = string | boolean | Date | BSON.BSONValue | null

/** One document as read. */
export interface ReadDocument {
  /** As the driver writes it back without loss. */
  readonly id: Id
  readonly key: string
  readonly fields: object
  /** The BSON itself, of which the digest is made. */
  readonly bytes: Uint8Array
}

/** Keeps every value as the type it has. */
export const exactly = { promoteValues: false, promoteBuffers: false, bsonRegExp: true } as const

/** Text that is not UTF-8 gets U+FFFD instead of failing. */
export function parseDocument(bytes: Uint8Array): ReadDocument {
  const fields = BSON.deserialize(bytes, { ...exactly, validation: { utf8: false } })
  // MongoDB stores no document without one.
  const id = fields['_id'] as Id
  return { id, key: keyText(id), fields, bytes }
}

export interface PutContext {
  readonly name: string
  readonly position: string
  readonly digest: (canonical: Uint8Array) => string
}

export function toChange({ key, fields, bytes }: ReadDocument, context: PutContext): Change {
  const { name, position, digest } = context
  const content = { kind: 'row', row: toObject(fields), sparse: true } as const
  return rejectOf(key, context) ?? { kind: 'put', source: name, key, position, digest: digest(bytes), content }
}

/** Sets a document aside whose key cannot be kept. */
export function rejectOf(key: string, { name, position }: Pick<PutContext, 'name' | 'position'>): Change | undefined {
  const problem = keyProblem(key)
  if (problem === undefined) return undefined
  const message = `Source ${name}: ${problem}.`
  return { kind: 'reject', source: name, key: key.slice(0, 500), position, code: 'RECORD_INVALID', message }
}
