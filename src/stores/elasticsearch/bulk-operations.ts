import type { FeedRecord } from '../../core/ledger-feed.ts'
import { writeAlias } from './index-layout.ts'

/** One document to write: the two lines of a bulk request, and the record it is of. */
export interface BulkOperation {
  readonly record: FeedRecord
  readonly action: string
  readonly document: string
  readonly bytes: number
}

/** The documents of a record: its passages, and a tombstone for every address it no longer uses. */
export function* bulkOperations(prefix: string, generation: number, record: FeedRecord): Generator<BulkOperation> {
  const alias = writeAlias(prefix, generation, record.language)
  const origin = { record: record.recordId, source: record.source, source_id: record.sourceId, feed: record.feed }
  for (const { chunk, header, text } of record.chunks) {
    const body = header === '' ? text : `${header}\n${text}`
    const { acl, facets } = record
    yield operation(record, alias, { chunk, ...origin, acl, facets, deleted: false, body })
  }
  for (const chunk of record.gone) yield operation(record, alias, { chunk, ...origin, deleted: true })
}

interface Fields {
  readonly chunk: number
  readonly [name: string]: unknown
}

function operation(record: FeedRecord, alias: string, fields: Fields): BulkOperation {
  // `external_gte`: an older write loses, the same one may come again.
  const action = JSON.stringify({
    index: { _index: alias, _id: String(fields.chunk), version: record.feed, version_type: 'external_gte' },
  })
  const document = JSON.stringify(fields)
  return { record, action, document, bytes: Buffer.byteLength(action) + Buffer.byteLength(document) + 2 }
}

const maxBytes = 5_000_000
const maxOperations = 1000

/** Groups operations so that no request is much above 5 MB or 1,000 documents. */
export function* batches(operations: Iterable<BulkOperation>): Generator<BulkOperation[]> {
  let batch: BulkOperation[] = []
  let bytes = 0
  for (const operation of operations) {
    if (batch.length > 0 && (batch.length === maxOperations || bytes + operation.bytes > maxBytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(operation)
    bytes += operation.bytes
  }
  if (batch.length > 0) yield batch
}
