import { createHash } from 'node:crypto'
import type { StoredDocument } from '../../core/lexical.ts'

const fieldEnd = '\u001E'
const valueEnd = '\u001F'

/** All that a document says, hashed; the ledger makes the same of what it holds, in SQL. */
export function digestOfDocument(document: StoredDocument): string {
  const { id, chunk, record, sourceId, source, feed, version, language, acl, facets, body } = document
  const origin = [id, chunk, record, sourceId, source, feed, version, language]
  const content = [acl.length, acl.join(valueEnd), facets.length, facets.join(valueEnd), body]
  const text = [...origin, ...content].join(fieldEnd)
  return createHash('sha256').update(text).digest('hex')
}

/** Of documents in the order of their chunks. */
export function digestOfDigests(digests: readonly string[]): string {
  return createHash('sha256').update(digests.join('')).digest('hex')
}
