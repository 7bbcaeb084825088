import type { Json } from '../../schemas/record.ts'
import { parseLosslessJson } from '../../src/core/lossless-json.ts'

const longestKeyBytes = 2000
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export type MessageKey = { readonly key: string } | { readonly problem: string }

/**
 * The key of a record: the message key's text. A JSON object stands for its fields: one field is its text, several are a
 * JSON array of their texts.
 */
export function readKey(bytes: Uint8Array | null, isWrapped: boolean): MessageKey {
  if (bytes === null) return { problem: 'the message has no key' }
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return { problem: 'the key is not UTF-8' }
  }
  const fields = fieldsOf(text, isWrapped)
  const [only, ...more] = fields ?? [text]
  if (more.length === 0 && (only === undefined || only === null)) return { problem: 'the key has no value' }
  const key = more.length === 0 ? (only ?? '') : JSON.stringify(fields)
  const problem = keyProblem(key)
  return problem === undefined ? { key } : { problem }
}

function keyProblem(key: string): string | undefined {
  if (key === '') return 'the key is empty'
  if (key.includes('\0')) return 'the key holds a NUL character'
  return Buffer.byteLength(key) > longestKeyBytes ? `the key has more than ${longestKeyBytes} bytes` : undefined
}

/** Texts of the fields of a JSON object; undefined for any other text. */
function fieldsOf(text: string, isWrapped: boolean): readonly (string | null)[] | undefined {
  if (!text.startsWith('{')) return undefined
  const json = parseLosslessJson(text)
  const struct = isWrapped ? unwrap(json) : json
  if (!isObject(struct)) return undefined
  const values = Object.values(struct)
  return values.length === 0 ? undefined : values.map(textOf)
}

function textOf(value: Json): string | null {
  if (value === null || typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What Kafka Connect's JSON converter puts into `payload`, beside its `schema`. */
export function unwrap(json: Json | undefined): Json | undefined {
  if (!isObject(json) || Object.keys(json).length !== 2 || !('schema' in json)) return json
  return 'payload' in json ? json['payload'] : json
}

export function isObject(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
