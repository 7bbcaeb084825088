import type { Timestamp } from 'mongodb'
import type { Change } from '../../schemas/record.ts'
import { readLog, readToken, startCatchingUp } from './change-log.ts'
import type { Batch } from './change-log.ts'
import { packId } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import { rejectOf, toChange } from './document.ts'
import { clusterTime, positionText } from './positions.ts'
import type { Reader } from './reader.ts'
import { findByIds, scan } from './scan.ts'

/** With changes coming in all the time, checkpoints are this far apart; when they pause there is one at once. */
const busyMs = 200
/** So often a collection in which nothing happens says that it is up to date, and its token stays young. */
const idleMs = 5000
const awaitMs = { now: 100, abort: 500 } as const

/** Reads a source that has a cursor, or everything there is, and then its changes. */
export async function* readSource(
  reader: Reader,
  saved: Cursor | undefined,
  { until, collectionId }: { readonly until: 'now' | 'abort'; readonly collectionId: string },
): AsyncGenerator<Change> {
  let cursor = saved ?? (await beginPass(reader, collectionId))
  if (cursor.pass !== null) {
    yield* readPass(reader, cursor)
    cursor = { ...cursor, pass: null }
  }
  yield* follow(reader, cursor, until)
}

/** The token comes first: whatever changes while everything is read is read again afterwards. */
async function beginPass(reader: Reader, collection: string): Promise<Cursor> {
  const asOf = new Date(reader.clock.now()).toISOString()
  return { version: 1, collection, token: await readToken(reader), asOf, pass: { after: null } }
}

async function* readPass(reader: Reader, cursor: Cursor): AsyncGenerator<Change> {
  const { name, digest } = reader
  const position = `snapshot ${cursor.asOf}`
  for await (const documents of scan(reader, { after: cursor.pass?.after ?? null, idsOnly: false })) {
    for (const document of documents) yield toChange(document, { name, position, digest })
    const after = packId(documents.at(-1)?.id)
    yield { ...checkpoint(name, position, { ...cursor, pass: { after } }), partial: true }
  }
}

async function* follow(reader: Reader, start: Cursor, until: 'now' | 'abort'): AsyncGenerator<Change> {
  const { name, clock, session } = reader
  const startedMs = clock.now()
  const startedAt = timeOf(session.operationTime)
  const hasCaughtUp = until === 'now' ? await startCatchingUp(reader, start.token) : undefined
  let cursor = start
  /** A cluster time up to which everything has been handed over. */
  let reached = 0n
  let toldMs = Number.NEGATIVE_INFINITY
  let isTold = false
  let askedMs = clock.now()
  let askedAt = timeOf(session.operationTime)
  for await (const batch of readLog(reader, start.token, awaitMs[until])) {
    const isEmpty = batch.ids.size === 0
    const changedAt = timeOf(batch.changedAt)
    yield* readChanged(reader, batch, changedAt > 0n ? positionText(changedAt) : new Date(askedMs).toISOString())
    const isDone = hasCaughtUp?.(batch) === true
    // All changes of a transaction have one time, and the next batch may bring more of them. A log that has nothing to say
    // has told everything up to the time before it was asked.
    for (const known of [isEmpty ? askedAt : changedAt - 1n, isDone ? startedAt : 0n])
      if (known > reached) reached = known
    // Where more is waiting, only what was made up to the last change is known.
    const knownMs = isDone ? startedMs : (batch.changedAt?.getHighBitsUnsigned() ?? startedMs / 1000) * 1000
    const asOfMs = isEmpty ? askedMs : Math.min(askedMs, knownMs)
    cursor = { ...cursor, token: batch.token, asOf: latest(cursor.asOf, asOfMs) }
    isTold &&= isEmpty
    const quietMs = isTold ? idleMs : isEmpty ? 0 : busyMs
    if (isDone || clock.passed() - toldMs >= quietMs) {
      yield checkpoint(name, reached > 0n ? positionText(reached) : `snapshot ${start.asOf}`, cursor)
      toldMs = clock.passed()
      // After a change, that nothing more came with it is told at once.
      isTold = isEmpty
    }
    if (isDone) return
    askedMs = clock.now()
    askedAt = timeOf(session.operationTime)
  }
}

const timeOf = (timestamp: Timestamp | undefined): bigint => (timestamp === undefined ? 0n : clusterTime(timestamp))

/**
 * The documents that changed, as they are now, each once; those that were deleted and are gone are deletes. One that is
 * gone and was not deleted yet, as far as the log has been read, will be.
 */
async function* readChanged(reader: Reader, { ids, deleted }: Batch, position: string): AsyncGenerator<Change> {
  if (ids.size === 0) return
  const { name, digest } = reader
  const missing = new Map(ids)
  for (const key of ids.keys()) {
    const rejected = rejectOf(key, { name, position })
    if (rejected === undefined) continue
    missing.delete(key)
    yield rejected
  }
  for await (const document of findByIds(reader, [...missing.values()])) {
    missing.delete(document.key)
    yield toChange(document, { name, position, digest })
  }
  for (const key of missing.keys()) {
    if (deleted.has(key)) yield { kind: 'delete', source: name, key, position }
  }
}

function latest(asOf: string, ms: number): string {
  return new Date(Math.max(Date.parse(asOf), ms)).toISOString()
}

function checkpoint(source: string, position: string, cursor: Cursor): Extract<Change, { kind: 'checkpoint' }> {
  return { kind: 'checkpoint', source, position, cursor, asOf: cursor.asOf }
}
