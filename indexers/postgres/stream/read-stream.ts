import type { Change } from '../../../schemas/record.ts'
import { expired } from '../../../src/core/source-error.ts'
import type { TableName } from '../relation.ts'
import { readTurn } from './first-read.ts'
import { nothingTold, take, type Follower } from './follow.ts'
import { checkpointOf } from './followed-source.ts'
import { finishTouched, handOver } from './hand-over.ts'
import type { Log } from './log.ts'
import { lsnNumber, lsnText } from './lsn.ts'
import { look, type Look, type StreamContext, type Track } from './stream-context.ts'

/** Of one long transaction, so many keys are handed over before it has been told to its end. */
const mostKeys = 5000
/** While sources are read from the start, the log has the word for so long, and then a page. */
const turnMs = 250
const checkpointMs = 5000
const askMs = 1000

interface ReadOptions {
  /** Where the log is now, or a moment of what has passed. */
  readonly until: 'now' | number
  /** The guard has given up the log. */
  readonly isGivenUp: () => boolean
}

/** What the log tells, in turns with pages of the sources that are read from the start. */
export async function* readStream(
  context: StreamContext,
  reading: Log,
  { until, isGivenUp }: ReadOptions,
): AsyncGenerator<Change> {
  const { tracks, progress, clock, signal, place } = context
  for (const track of tracks.values()) {
    yield* finishTouched(context, track)
    if (signal.aborted) return
  }
  let probe = await look(context)
  let told = nothingTold()
  let turns = 0
  let turnBegan = clock.passed()
  let checkedMs = clock.passed()
  let askedMs = Number.NEGATIVE_INFINITY

  for (;;) {
    if (signal.aborted) return
    if (isGivenUp()) throw expired(place, 'the log kept for it grew beyond walBudget, and was given up')
    const unread = unreadOf(context)
    const isBetween = progress.transaction === undefined
    const isCaughtUp = isBetween && progress.position >= probe.lsn && unread.length === 0
    // However short the time, what is read from the start gets on.
    const isTime = until !== 'now' && clock.passed() >= until && (turns > 0 || unread.length === 0)
    const isOver = until === 'now' ? isCaughtUp : isBetween && isTime
    const isIdle = isBetween && told.size + told.lost.size > 0
    const message = isOver ? undefined : await reading.next(isIdle ? 0 : patienceOf(unread, until))
    if (message !== undefined) {
      take(message, { told, progress, followersOf: (table) => followersOf(context, table) })
      const isTurnOver = unread.length > 0 && clock.passed() - turnBegan > turnMs
      if (told.size < mostKeys && !isTurnOver) continue
    }
    const changed = new Set([...told.keys.keys(), ...told.touched.keys()])
    if (told.size + told.lost.size > 0) {
      const done = told
      told = nothingTold()
      yield* handOver(context, done)
      if (signal.aborted) return
    }
    if (progress.transaction === undefined) {
      const isDue = isOver || clock.passed() - checkedMs >= checkpointMs
      yield* moveOn(context, probe, (source) => isDue || changed.has(source))
      if (isDue) checkedMs = clock.passed()
      // What was told may have a source read from the start.
      if (isOver && (until !== 'now' || unreadOf(context).length === 0)) return
    }
    const next = unread[turns % unread.length]
    turns += 1
    if (next !== undefined && tracks.get(next.source.reader.name) === next) yield* readTurn(context, next)
    turnBegan = clock.passed()
    if (progress.transaction !== undefined) continue
    if (progress.position >= probe.lsn && clock.passed() - askedMs >= askMs) probe = await look(context)
    const isHurried = until === 'now' && unread.length === 0
    if (message === undefined && clock.passed() - askedMs >= (isHurried ? 0 : askMs)) {
      askedMs = clock.passed()
      reading.ask()
    }
  }
}

/** What is read from the start. */
const unreadOf = ({ tracks }: StreamContext): readonly Track[] =>
  [...tracks.values()].filter(({ cursor }) => cursor.pass !== null)

/** How long the log may be silent before something else is done. */
function patienceOf(unread: readonly Track[], until: 'now' | number): number {
  if (unread.some(({ awaited }) => awaited === undefined)) return 0
  return unread.length > 0 ? 20 : until === 'now' ? 50 : 250
}

/** Everything up to where the log is has been handed over. */
function* moveOn(
  { tracks, progress }: StreamContext,
  probe: Look,
  isWanted: (source: string) => boolean,
): Generator<Change> {
  for (const [name, track] of tracks) {
    // What waits to be read from the start has to wait again after a crash: no cursor may say otherwise.
    if (!isWanted(name) || track.awaited !== undefined || lsnNumber(track.cursor.lsn) > progress.position) continue
    const { asOf } = track.cursor
    const isNewer = progress.position >= probe.lsn && probe.asOf > asOf
    track.cursor = { ...track.cursor, lsn: lsnText(progress.position), asOf: isNewer ? probe.asOf : asOf }
    yield checkpointOf(name, track.cursor)
  }
}

/** Who wants to know of a table what the transaction that is being told did with it, and does not have that yet. */
function followersOf({ tracks, progress }: StreamContext, { schema, name }: TableName): readonly Follower[] {
  return [...tracks.values()]
    .filter(({ cursor }) => lsnNumber(cursor.lsn) <= (progress.transaction?.commit ?? 0n))
    .flatMap(({ source }) => {
      const own = { table: source.relation.table, columns: source.relation.key, touch: undefined }
      return [own, ...source.touches.map(({ table, columns }, touch) => ({ table, columns, touch }))]
        .filter(({ table }) => table.schema === schema && table.name === name)
        .map(({ columns, touch }) => ({ source: source.reader.name, columns, touch }))
    })
}
