import type { Reader } from '../round.ts'
import { beginCursor, lookAt, tablesOf, type FollowedSource } from './followed-source.ts'
import { checkIdentity, ensurePublication } from './publication.ts'
import { runningWriters } from './slot.ts'
import { look, type StreamContext } from './stream-context.ts'

/** Each source as it is now; SOURCE_INVALID for what the log does not tell enough of. */
export async function lookAtAll({ readers, session }: StreamContext): Promise<readonly FollowedSource[]> {
  const sources: FollowedSource[] = []
  for (const reader of readers.values()) sources.push(await lookAt(reader))
  for (const table of sources.flatMap(tablesOf)) await checkIdentity(session, table)
  return sources
}

/** Reads a source from the start: what the log tells before here is in what is read. */
export async function startOver(context: StreamContext, source: FollowedSource): Promise<void> {
  const { lsn } = await look(context)
  const transactions = await runningWriters(context.session, source.relation.place)
  const { name } = source.reader
  const nowMs = context.clock.passed()
  context.tracks.set(name, {
    source,
    cursor: beginCursor(source, lsn),
    awaited: transactions.size === 0 ? undefined : { transactions, sinceMs: nowMs, nextMs: nowMs },
    pages: undefined,
    restarts: (context.tracks.get(name)?.restarts ?? -1) + 1,
  })
}

/** The same, of what the log or a page shows to be another than it was: another table may have taken its place. */
export async function startOverAnew(context: StreamContext, reader: Reader): Promise<void> {
  const { session, publication } = context
  const source = await lookAt(reader)
  for (const table of tablesOf(source)) await checkIdentity(session, table)
  await ensurePublication(session, publication, tablesOf(source))
  await startOver(context, source)
}
