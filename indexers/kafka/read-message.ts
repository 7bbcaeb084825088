import type { Json, Row } from '../../schemas/record.ts'
import { parseLosslessJson } from '../../src/core/lossless-json.ts'
import type { KafkaSource } from './config.ts'
import { isObject, readKey, unwrap } from './message-key.ts'

/** What one message says of one record. */
export type Told =
  | { readonly kind: 'put'; readonly key: string; readonly row: Row }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'reject'; readonly problem: string }

export interface Bytes {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

export function readMessage({ key: keyBytes, value }: Bytes, format: KafkaSource['format']): Told {
  const json = value === null ? null : parseValue(value)
  if (format === 'debezium' && isTruncate(json)) return reject(truncated)
  const found = readKey(keyBytes, format === 'debezium')
  if ('problem' in found) return reject(found.problem)
  if (value === null) return { kind: 'delete', key: found.key }
  if (json === undefined) return reject('the value is no JSON that can be held as it is')
  return format === 'json' ? readRow(found.key, json) : readEnvelope(found.key, unwrap(json))
}

function parseValue(value: Uint8Array): Json | undefined {
  try {
    return parseLosslessJson(utf8.decode(value))
  } catch {
    return undefined
  }
}

function readRow(key: string, json: Json | undefined): Told {
  return isObject(json) ? { kind: 'put', key, row: json } : reject('the value is no JSON object')
}

function readEnvelope(key: string, envelope: Json | undefined): Told {
  // The tombstone of a converter that writes schemas.
  if (envelope === null) return { kind: 'delete', key }
  const op = isObject(envelope) ? envelope['op'] : undefined
  if (!isObject(envelope) || typeof op !== 'string') return reject('the value is no change as Debezium writes it')
  if (op === 'd') return { kind: 'delete', key }
  if (op !== 'c' && op !== 'u' && op !== 'r') return reject('the value tells of no row')
  const after = envelope['after']
  if (!isObject(after)) return reject('the change does not say what the row is after it')
  const missing = Object.entries(after).find(([, value]) => isUnavailable(value))
  return missing === undefined ? { kind: 'put', key, row: after } : reject(withheld)
}

/** What Debezium writes for a long value that an update did not touch: as text, or as bytes in Base64. */
const placeholder = '__debezium_unavailable_value'
const unavailable: ReadonlySet<Json> = new Set([placeholder, Buffer.from(placeholder).toString('base64')])

function isUnavailable(value: Json): boolean {
  return unavailable.has(value) || (Array.isArray(value) && value.length === 1 && unavailable.has(value[0] ?? null))
}

const withheld = 'the change leaves out values that it did not touch; set REPLICA IDENTITY FULL on the table'
const truncated = 'the table was truncated, and no message says which records that removed'

function isTruncate(json: Json | undefined): boolean {
  const envelope = unwrap(json)
  return isObject(envelope) && envelope['op'] === 't'
}

function reject(problem: string): Told {
  return { kind: 'reject', problem }
}
