import type { ChangeStream, ChangeStreamOptions, Timestamp } from 'mongodb'
import { z } from 'zod'
import { compareTokens, packToken, unpackToken } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { Id } from './document.ts'
import { keyText } from './key-text.ts'
import type { Reader, Stored } from './reader.ts'
import { expired, invalidSource } from '../../src/core/source-error.ts'
import { isLostToken } from './source-error.ts'
import { closeQuietly, within } from './within.ts'

export type Token = Cursor['token']

/** What one look at the change stream brought. */
export interface Batch {
  /** `_id` of each document that changed, by its key. */
  readonly ids: ReadonlyMap<string, Id>
  /** Keys of those that were deleted, whether or not they were made again. */
  readonly deleted: ReadonlySet<string>
  /** Where the log goes on after this batch. */
  readonly token: Token
  /** When the last of these changes was made, by the clock of the source. */
  readonly changedAt: Timestamp | undefined
}

const batchEvents = 500

/** Only which document changed is asked for: the documents themselves are read when they are handed over. */
const pipeline = [{ $project: { operationType: 1, documentKey: 1, clusterTime: 1 } }]

/** Changes of the collection itself, after which its stream goes on with nothing, or with another collection. */
const endings = new Set(['drop', 'rename', 'dropDatabase', 'invalidate'])

const Event = z.object({
  operationType: z.string(),
  documentKey: z.object({ _id: z.custom<Id>() }).optional(),
  clusterTime: z.custom<Timestamp>().optional(),
})

/**
 * Where the log stands now: a stream that goes on from here holds every change that a read in the session, from now on,
 * might not show. Asked of the primary, so that no member that lags behind answers.
 */
export async function readToken(reader: Reader): Promise<Token> {
  const { place, limits } = reader
  const stream = watch(reader, { maxAwaitTimeMS: 1, readPreference: 'primary' })
  try {
    await within(() => stream.tryNext(), place, limits)
    if (stream.resumeToken === null || stream.resumeToken === undefined) {
      throw invalidSource(place, 'the server gives no resume token', { fix: 'Read from MongoDB 5.0 or later.' })
    }
    return packToken(stream.resumeToken)
  } finally {
    await closeQuietly(() => stream.close())
  }
}

/** The changes after a token, as they come; an empty batch when there were none for `waitMs`. Ends only by an error. */
export async function* readLog(reader: Reader, after: Token, waitMs: number): AsyncGenerator<Batch, never> {
  // Unlike resumeAfter, startAfter also takes the token of a collection that was dropped before.
  const stream = watch(reader, { maxAwaitTimeMS: waitMs, startAfter: unpackToken(after) })
  try {
    for (let isOpening = true; ; isOpening = false) yield await readBatch(reader, stream, isOpening)
  } finally {
    await closeQuietly(() => stream.close())
  }
}

async function readBatch(reader: Reader, stream: ChangeStream<Stored>, isOpening: boolean): Promise<Batch> {
  const { place, session } = reader
  const ids = new Map<string, Id>()
  const deleted = new Set<string>()
  let changed: Timestamp | undefined
  let next = await tryNext(reader, stream, isOpening)
  for (let count = 1; next !== null; count += 1) {
    const { operationType, documentKey, clusterTime } = Event.parse(next)
    if (endings.has(operationType)) throw expired(place, `${place.what} was dropped or renamed`)
    if (documentKey !== undefined) {
      const id = documentKey['_id']
      const key = keyText(id)
      ids.set(key, id)
      if (operationType === 'delete') deleted.add(key)
    }
    changed = clusterTime ?? changed
    if (count === batchEvents || stream.bufferedCount() === 0) break
    next = await tryNext(reader, stream, isOpening)
  }
  // What is read next has to show at least these changes, whichever server answers.
  if (changed !== undefined) session.advanceOperationTime(changed)
  return { ids, deleted, token: packToken(stream.resumeToken), changedAt: changed }
}

async function tryNext(reader: Reader, stream: ChangeStream<Stored>, isOpening: boolean): Promise<unknown> {
  const { place, limits } = reader
  try {
    return await within(() => stream.tryNext(), place, limits)
  } catch (error) {
    if (!(error instanceof Error) || !isLostToken(error.cause, isOpening)) throw error
    throw expired(place, 'the server no longer has the changes after the last one read', error.cause)
  }
}

function watch({ collection, session }: Reader, options: ChangeStreamOptions): ChangeStream<Stored> {
  // Without `promoteValues: false`: the driver would no longer know the codes of errors, by which it resumes.
  return collection.watch(pipeline, {
    ...options,
    session,
    batchSize: batchEvents,
    bsonRegExp: true,
    enableUtf8Validation: false,
  })
}

/** Tells when a log that is being read has reached the point at which it stood when this was called. */
export async function startCatchingUp(reader: Reader, from: Token): Promise<(batch: Batch) => boolean> {
  const target = await readToken(reader)
  let before = from
  return ({ ids, token }) => {
    // On a quiet server the token of the last change stays behind a target that stands for the next one.
    const isQuiet = ids.size === 0 && JSON.stringify(token) === JSON.stringify(before)
    before = token
    return isQuiet || (compareTokens(token, target) ?? -1) >= 0
  }
}
