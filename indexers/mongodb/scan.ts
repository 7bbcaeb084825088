import { parseDocument } from './document.ts'
import type { Id, ReadDocument } from './document.ts'
import type { Reader } from './reader.ts'
import { isLostCursor } from './source-error.ts'
import { closeQuietly, within } from './within.ts'

const batchSize = 500

/**
 * The documents in the order of their `_id`, a batch at a time; it goes on behind the last one when the server has
 * dropped the cursor, which it does after ten idle minutes. An aggregation's comparison knows all types of BSON, a
 * query's only those of its own value.
 */
export async function* scan(
  reader: Reader,
  { after, idsOnly }: { readonly after: string | null; readonly idsOnly: boolean },
): AsyncGenerator<readonly ReadDocument[]> {
  let last = after === null ? undefined : unpackId(after)
  for (;;) {
    let progressed = false
    try {
      for await (const batch of scanOnce(reader, last, idsOnly)) {
        yield batch
        last = batch.at(-1) ?? last
        progressed = true
      }
      return
    } catch (error) {
      if (!progressed || !(error instanceof Error) || !isLostCursor(error.cause)) throw error
    }
  }
}

async function* scanOnce(
  { collection, session, place, limits, operationTimeoutMs }: Reader,
  last: { readonly id: Id } | undefined,
  idsOnly: boolean,
): AsyncGenerator<readonly ReadDocument[]> {
  const filter = last === undefined ? {} : { $expr: { $gt: ['$_id', { $literal: last.id }] } }
  const cursor = collection.find(filter, {
    session,
    raw: true,
    sort: { _id: 1 },
    batchSize,
    maxTimeMS: operationTimeoutMs,
    ...(idsOnly ? { projection: { _id: 1 } } : {}),
  })
  try {
    while (await within(() => cursor.hasNext(), place, limits)) yield readBuffered(cursor).map(parseDocument)
  } finally {
    await closeQuietly(() => cursor.close())
  }
}

interface Buffered {
  readBufferedDocuments(): unknown[]
}

/** With `raw` the driver hands over bytes, which its types don't say. */
function readBuffered(cursor: Buffered): Uint8Array[] {
  return cursor.readBufferedDocuments() as Uint8Array[]
}

function unpackId(packed: string): { readonly id: Id } {
  return { id: parseDocument(Buffer.from(packed, 'base64')).id }
}

/** The documents of these ids that are there now, as BSON. */
export async function* findByIds(reader: Reader, ids: readonly Id[]): AsyncGenerator<ReadDocument> {
  const { collection, session, place, limits, operationTimeoutMs } = reader
  const cursor = collection.find({ _id: { $in: ids } }, { session, raw: true, maxTimeMS: operationTimeoutMs })
  try {
    while (await within(() => cursor.hasNext(), place, limits)) yield* readBuffered(cursor).map(parseDocument)
  } finally {
    await closeQuietly(() => cursor.close())
  }
}
