import type { Change } from '../../../schemas/record.ts'
import { AquiferError } from '../../../src/core/errors.ts'
import type { Cursors } from '../../../src/core/indexer.ts'
import { placeOf } from '../relation.ts'
import { tablesOf } from './followed-source.ts'
import { guardSlot } from './guard.ts'
import { prepare } from './prepare.ts'
import { checkPublishable } from './publication.ts'
import { readStream } from './read-stream.ts'
import { createRelease } from './release.ts'
import { createSlotReader } from './slot-reader.ts'
import { checkServer, dropSlot } from './slot.ts'
import { lookAtAll } from './start-over.ts'
import type { StreamContext, StreamOptions } from './stream-context.ts'

/** The sources of a connection that are followed in its log, all by one slot. */
export interface Stream extends AsyncDisposable {
  /** Everything after the cursors up to where the log is now, or until the time `until` (a moment of what has passed). */
  changes(after: Cursors, until: 'now' | number): AsyncGenerator<Change>
  /** The server need not keep what came before these, unless another source of the connection needs it. */
  committed(upTo: Cursors): Promise<void>
}

/** Checks that the server, the user and the tables are fit for it; changes nothing yet. */
export async function openStream(options: StreamOptions): Promise<Stream> {
  const { readers, slot, publication, walBudget, log } = options
  const [first] = readers.values()
  if (first === undefined) throw new AquiferError('INTERNAL', 'A stream of no source.')
  const { session } = first
  const place = placeOf(first.name, first.source)
  const progress = { position: 0n, transaction: undefined }
  const context: StreamContext = { ...options, session, place, progress, tracks: new Map() }
  await checkServer(session, place)
  for (const table of (await lookAtAll(context)).flatMap(tablesOf)) await checkPublishable(session, publication, table)
  const reader = createSlotReader(context)
  const release = createRelease(context)
  // What is being read ends, and everything is read again the next time.
  const giveUp = async (): Promise<void> => {
    await reader.close()
    await dropSlot(session, place, slot)
  }
  const guard = guardSlot({ session, place, slot, walBudget, log, giveUp })
  return {
    async *changes(after, until) {
      const reading = await prepare(context, after, { guard, reader, release, giveUp })
      try {
        yield* readStream(context, reading, { until, isGivenUp: () => reader.current !== reading })
      } catch (error) {
        if (reading.isUndecodable) {
          log.error({ slot }, `${place.subject}: its log cannot be decoded; the slot is dropped and all is read again`)
          await giveUp()
        }
        throw error
      }
    },
    async committed(upTo) {
      const lowest = await release.upTo(upTo)
      if (lowest !== undefined) reader.current?.confirm(lowest)
    },
    async [Symbol.asyncDispose]() {
      guard[Symbol.dispose]()
      await reader[Symbol.asyncDispose]()
    },
  }
}
