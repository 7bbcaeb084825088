import { createHash } from 'node:crypto'
import type { Json } from '../../../../schemas/record.ts'
import type { RecordWrite } from '../../../core/ledger-sync.ts'
import { toHalf } from '../copy-binary.ts'

/** The columns that say what a record is, for everybody who reads it. */
export interface RecordColumns {
  readonly title: string
  readonly text: string
  readonly mediaType: string
  readonly url: string
  readonly fields: Readonly<Record<string, Json>>
  readonly facets: readonly string[]
  readonly acl: readonly string[]
  readonly modifiedAt: string | null | undefined
}

/** What is noted with a record when it is written: the digest of its vector if that came with the row, and of its columns. */
export interface NotedContent {
  readonly vector: string | undefined
  readonly columns: string
}

export function contentOf(put: RecordWrite): string {
  const vector = put.given === true ? put.chunks[0]?.vector : undefined
  return `${vector === undefined ? '' : digestOfVector(vector)}:${digestOfColumns(put)}`
}

export function parseContent(content: string): NotedContent {
  const [vector = '', columns = ''] = content.split(':')
  return { vector: vector === '' ? undefined : vector, columns }
}

export function digestOfColumns({ modifiedAt, ...columns }: RecordColumns): string {
  const { title, text, mediaType, url, fields, facets, acl } = columns
  const canonical = sorted([title, text, mediaType, url, fields, facets, acl, modifiedAt ?? null])
  return hash(JSON.stringify(canonical))
}

/** As Postgres gives it back, which orders jsonb in its own way and holds no half of a surrogate pair. */
function sorted(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([key, inner]) => [key, sorted(inner)])
}

/** The digest of a vector that the store holds: the same in a store of either precision. */
export const vectorDigest = (column: string): string => `encode(sha256(halfvec_send(${column}::halfvec)), 'hex')`

/** Of the bytes that pgvector's `halfvec_send` gives. */
export function digestOfVector(vector: Float32Array): string {
  const bytes = Buffer.allocUnsafe(4 + vector.length * 2)
  bytes.writeUInt16BE(vector.length, 0)
  bytes.writeUInt16BE(0, 2)
  for (const [index, number] of vector.entries()) bytes.writeUInt16BE(toHalf(number), 4 + index * 2)
  return createHash('sha256').update(bytes).digest('hex')
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
