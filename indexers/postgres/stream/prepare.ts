import type { Cursors } from '../../../src/core/indexer.ts'
import { expired } from '../../../src/core/source-error.ts'
import { streamCursorOf } from './cursor.ts'
import type { Guard } from './guard.ts'
import { goesOn, tablesOf, type FollowedSource } from './followed-source.ts'
import type { Log } from './log.ts'
import { lsnNumber } from './lsn.ts'
import { ensurePublication } from './publication.ts'
import type { Release } from './release.ts'
import type { SlotReader } from './slot-reader.ts'
import { createSlot, findSlot } from './slot.ts'
import { lookAtAll, startOver } from './start-over.ts'
import type { StreamContext, Track } from './stream-context.ts'

interface Parts {
  readonly guard: Guard
  readonly reader: SlotReader
  readonly release: Release
  readonly giveUp: () => Promise<void>
}

/** Looks at each source, decides where it goes on or that it is read from the start, and opens the log. */
export async function prepare(context: StreamContext, after: Cursors, parts: Parts): Promise<Log> {
  const { session, place, slot, publication, tracks } = context
  const { guard, reader, release, giveUp } = parts
  // Before the slot: of changes that came before its publication, a slot can tell nothing.
  const sources = await lookAtAll(context)
  await ensurePublication(session, publication, sources.flatMap(tablesOf))
  if (await guard.isOver()) await giveUp()
  const kept = await findSlot(session, place, slot)
  if (kept === undefined) await reader.close()
  if (kept === undefined) await createSlot(session, place, slot)
  for (const source of sources) {
    const { name } = source.reader
    const track = kept === undefined ? undefined : trackFrom(source, after, tracks.get(name))
    tracks.delete(name)
    if (track === undefined) await startOver(context, source)
    else tracks.set(name, track)
  }
  const log = await reader.open()
  // Not before: until now another process may have had the slot, for other sources, and given up what it did not need.
  const held = await findSlot(session, place, slot)
  if (held === undefined) throw expired(place, 'its replication slot is gone')
  for (const track of tracks.values()) {
    if (lsnNumber(track.cursor.lsn) < held.confirmed) await startOver(context, track.source)
  }
  release.begin(held.confirmed)
  return log
}

/** Where a source goes on; undefined: from the start. */
function trackFrom(source: FollowedSource, after: Cursors, before: Track | undefined): Track | undefined {
  // It waits for transactions to end, and has no cursor yet that could say so.
  if (before?.awaited !== undefined && goesOn(before.cursor, source)) return { ...before, source }
  const cursor = streamCursorOf(after[source.reader.name])
  if (cursor === undefined || !goesOn(cursor, source)) return undefined
  return { source, cursor, awaited: undefined, pages: undefined, restarts: 0 }
}
