import { BSON } from 'mongodb'
import type { UUID } from 'mongodb'

const longestKeyBytes = 2000

/** Text that is no string's own: ObjectIds, whole numbers, words of JSON, and whatever begins as JSON does. */
const otherForms = /^(?:[0-9a-f]{24}|-?\d+|true|false|null|["[{][^]*|)$/

/**
 * An `_id` as text, the same for the same `_id` and never for another one: ObjectIds as hex, whole numbers as digits,
 * strings as they are, everything else as canonical extended JSON. A string that could be taken for one of the others
 * stands in quotes.
 */
export function keyText(id: unknown): string {
  const value = unify(id)
  if (typeof value === 'string') {
    return otherForms.test(value) || value.includes('\0') ? JSON.stringify(value) : value
  }
  if (value instanceof BSON.ObjectId) return value.toHexString()
  if (typeof value === 'number' || value instanceof BSON.Long) return value.toString()
  const uuid = uuidOf(value)
  if (uuid !== undefined) return JSON.stringify({ $uuid: uuid.toHexString() })
  return BSON.EJSON.stringify(value, { relaxed: false })
}

/** One form for all numbers that MongoDB takes for the same, such as 5 and 5.0, whether or not the driver has promoted them. */
function unify(value: unknown): unknown {
  if (value instanceof BSON.Int32 || value instanceof BSON.Double) return unify(value.value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : new BSON.Double(value)
  if (value instanceof BSON.Long && !(value instanceof BSON.Timestamp)) {
    return Number.isSafeInteger(value.toNumber()) ? value.toNumber() : value
  }
  if (value instanceof BSON.BSONSymbol) return value.value
  if (value instanceof BSON.DBRef) return unify(value.toJSON())
  if (Array.isArray(value)) return value.map(unify)
  if (typeof value !== 'object' || value === null || value instanceof Date || '_bsontype' in value) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, unify(field)]))
}

export function keyProblem(key: string): string | undefined {
  return Buffer.byteLength(key) > longestKeyBytes
    ? `an _id is longer than ${String(longestKeyBytes)} bytes as text`
    : undefined
}

export function uuidOf(value: unknown): UUID | undefined {
  const isUuid = value instanceof BSON.Binary && value.sub_type === BSON.Binary.SUBTYPE_UUID && value.position === 16
  return isUuid ? value.toUUID() : undefined
}
