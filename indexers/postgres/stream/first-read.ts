import type { Change } from '../../../schemas/record.ts'
import { AquiferError } from '../../../src/core/errors.ts'
import { readPages } from '../read-pages.ts'
import { toChange } from '../row-changes.ts'
import { checkpointOf, contextOf } from './followed-source.ts'
import { runningWriters } from './slot.ts'
import { startOverAnew } from './start-over.ts'
import type { StreamContext, Track } from './stream-context.ts'

const patienceMs = 300_000
const mostRestarts = 10

/**
 * One turn of a read from the start: a page in the order of the key, then a partial checkpoint. In between the log is
 * followed for this source, too: keys that it tells are handed over as they are then, read or not, so that all keys up to
 * the last page's are in step with the cursor's place in the log. A page must be handed over before anything else is read.
 */
export async function* readTurn(context: StreamContext, track: Track): AsyncGenerator<Change> {
  if (!(await mayBegin(context, track))) return
  const { reader, relation } = track.source
  const { name, session } = reader
  try {
    track.pages ??= readPages(session, relation, track.cursor.pass?.after ?? [])
    const page = await track.pages.next()
    if (page.done === true) {
      track.cursor = { ...track.cursor, pass: null }
      track.restarts = 0
      // Nobody told what was deleted before it.
      yield { ...checkpointOf(name, track.cursor), compare: true }
      return
    }
    const { items, after } = page.value
    const itemContext = contextOf(track.source, track.cursor.lsn)
    for (const item of items) yield toChange(item, itemContext)
    track.cursor = { ...track.cursor, pass: { after } }
    yield { ...checkpointOf(name, track.cursor), compare: true }
  } catch (error) {
    // Its columns changed between two pages.
    const isAltered = error instanceof AquiferError && error.code === 'CURSOR_EXPIRED'
    if (!isAltered || track.restarts >= mostRestarts) throw error
    await startOverAnew(context, reader)
  }
}

/**
 * Whether every transaction has ended that was writing when the read began: what they wrote may have been decoded by a
 * publication that did not have the table yet, or be committed in the log and not yet seen by a page.
 */
async function mayBegin({ session, clock }: StreamContext, track: Track): Promise<boolean> {
  if (track.awaited === undefined) return true
  const { transactions, sinceMs, nextMs } = track.awaited
  const nowMs = clock.passed()
  if (nowMs < nextMs) return false
  const pauseMs = Math.min(500, (nowMs - sinceMs) / 2)
  const { place } = track.source.relation
  const running = await runningWriters(session, place)
  const left = new Set([...transactions].filter((id) => running.has(id)))
  track.awaited = left.size === 0 ? undefined : { transactions: left, sinceMs, nextMs: nowMs + pauseMs }
  if (track.awaited === undefined) return true
  if (nowMs - sinceMs <= patienceMs) return false
  throw new AquiferError('SOURCE_UNREACHABLE', `${place.subject}: a transaction that writes has been open for long`, {
    fix: 'End it (pg_stat_activity, pg_prepared_xacts): a first read can begin when it has ended.',
  })
}
