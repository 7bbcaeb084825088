import { BSON } from 'mongodb'
import type { Json } from '../../schemas/record.ts'
import { uuidOf } from './key-text.ts'

/** A BSON value, as read with `promoteValues: false`, as JSON that loses nothing; see the table of the README. */
function toJson(value: unknown): Json {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  // What the driver makes of BSON is nothing but these and objects.
  if (typeof value !== 'object') throw new TypeError(`a value of type ${typeof value}`)
  return '_bsontype' in value ? ofType(value) : toObject(value)
}

function ofType(value: object): Json {
  if (value instanceof BSON.Int32) return value.value
  if (value instanceof BSON.Double) return doubleJson(value.value)
  if (value instanceof BSON.ObjectId) return value.toHexString()
  // Before Long, which it is one of.
  if (value instanceof BSON.Timestamp) return extended(value)
  if (value instanceof BSON.Long || value instanceof BSON.Decimal128) return value.toString()
  if (value instanceof BSON.Binary) return uuidOf(value)?.toHexString() ?? value.toString('base64')
  if (value instanceof BSON.BSONSymbol) return value.value
  if (value instanceof BSON.DBRef) return toObject(value.toJSON())
  return extended(value)
}

/** Numbers that JSON has no form for are text. */
function doubleJson(value: number): Json {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value)
}

function extended(value: object): Json {
  // What EJSON writes is JSON.
  return JSON.parse(BSON.EJSON.stringify(value, { relaxed: false })) as Json
}

export function toObject(value: object): Record<string, Json> {
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]))
}
