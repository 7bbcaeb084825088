import type { Json } from '../../schemas/record.ts'
import { parseLosslessJson } from '../../src/core/lossless-json.ts'

/** JSON of a column without loss; a document that can't be held as JSON stays text as a whole. */
export function parseJson(text: string): Json {
  const value = parseLosslessJson(text)
  return value === undefined ? text : value
}
