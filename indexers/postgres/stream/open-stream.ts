import type { Change } from '../../../schemas/record.ts'
import type { Clock } from '../../../src/core/clock.ts'
import { AquiferError } from '../../../src/core/errors.ts'
import type { Cursors } from '../../../src/core/indexer.ts'
import type { Log as Logger } from '../../../src/core/log.ts'
import type { Address } from '../connect.ts'
import { placeOf, type TableName } from '../relation.ts'
import { readHeld } from '../read-held.ts'
import type { Reader } from '../round.ts'
import { cancelled, expired, type Place } from '../../../src/core/source-error.ts'
import { sqlState } from '../source-error.ts'
import { parseStreamCursor, type StreamCursor } from './cursor.ts'
import { nothingTold, take, type Follower, type Progress, type Told } from './follow.ts'
import {
  beginCursor,
  checkpointOf,
  goesOn,
  lookAt,
  readKeysAnew,
  readPass,
  tablesOf,
  type FollowedSource,
} from './followed-source.ts'
import { guardSlot } from './guard.ts'
import { openLog, type Log } from './log.ts'
import { lsnNumber, lsnText, withoutHeader } from './lsn.ts'
import type { KeyValues } from './reread.ts'
import { checkIdentity, checkPublishable, ensurePublication } from './publication.ts'
import { holdTouched } from './touches.ts'
import { checkServer, createSlot, dropSlot, findSlot, outwaitWriters } from './slot.ts'

/** The sources of a connection that are followed in its log, all by one slot. */
export interface Stream extends AsyncDisposable {
  /** Everything after the cursors up to where the log is now, or until the time `until` (a moment of what has passed). */
  changes(after: Cursors, until: 'now' | number): AsyncGenerator<Change>
  /** The server need not keep what came before these. */
  committed(upTo: Cursors): void
}

interface StreamOptions {
  readonly readers: ReadonlyMap<string, Reader>
  readonly address: Address
  readonly slot: string
  readonly publication: string
  /** Bytes of log that the slot may make the server keep. */
  readonly walBudget: number
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Keys are read anew in statements of so many. */
const keysAtOnce = 500
/** Of one long transaction, so many keys are handed over before it has been told to its end. */
const mostKeys = 5000
const checkpointMs = 5000
const askMs = 1000
const patienceMs = 300_000
const mostTries = 10
/** A cursor holds so many values of rows whose records have not all been handed over. */
const mostSaved = 500

interface HandingOver {
  readonly position: string
  /** Keys, as JSON, that were handed over already. */
  readonly done: ReadonlySet<string>
  /** Whether the log stands between two transactions, so that one may go on from here. */
  readonly maySave: boolean
}
const unhindered = { done: new Set<string>(), maySave: true }

type TouchedKeys = Pick<Parameters<typeof holdTouched>[2], 'touched' | 'after' | 'transactions'>

interface Look {
  readonly lsn: bigint
  readonly asOf: string
}

const lookSql = `select pg_current_wal_insert_lsn()::text, to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

interface Followed {
  source: FollowedSource
  cursor: StreamCursor
}

/** Checks that the server, the user and the tables are fit for it; changes nothing yet. */
export async function openStream(options: StreamOptions): Promise<Stream> {
  const { readers, address, slot, publication, clock, signal } = options
  const [first] = readers.values()
  if (first === undefined) throw new AquiferError('INTERNAL', 'A stream of no source.')
  const { session } = first
  const place = placeOf(first.name, first.source)
  await checkServer(session, place)
  for (const table of (await lookAtAll()).flatMap(tablesOf)) await checkPublishable(session, publication, table)
  const followed = new Map<string, Followed>()
  const progress: Progress = { position: 0n, transaction: undefined }
  let log: Log | undefined
  const guard = guardSlot({ session, place, slot, walBudget: options.walBudget, log: options.log, giveUp })

  /** What is being read ends, and everything is read again the next time. */
  async function giveUp(): Promise<void> {
    await closeLog()
    await dropSlot(session, place, slot)
  }

  async function lookAtAll(): Promise<readonly FollowedSource[]> {
    const sources: FollowedSource[] = []
    for (const reader of readers.values()) sources.push(await lookAt(reader))
    for (const table of sources.flatMap(tablesOf)) await checkIdentity(session, table)
    return sources
  }

  /** Another table may have taken the place of one, and nobody tells of that yet. */
  async function lookAgain(reader: Reader): Promise<FollowedSource> {
    const source = await lookAt(reader)
    for (const table of tablesOf(source)) await checkIdentity(session, table)
    await ensurePublication(session, publication, tablesOf(source))
    return source
  }

  async function closeLog(): Promise<void> {
    const open = log
    log = undefined
    await open?.[Symbol.asyncDispose]()
  }

  /** Looks at each source and decides where it goes on; undefined: from the start. */
  async function prepare(after: Cursors): Promise<void> {
    // Before the slot: of changes that came before its publication, a slot can tell nothing.
    const sources = await lookAtAll()
    await ensurePublication(session, publication, sources.flatMap(tablesOf))
    if (await guard.isOver()) await giveUp()
    const kept = await findSlot(session, place, slot)
    if (kept === undefined) await closeLog()
    const isNew = kept === undefined
    const { confirmed } = kept ?? (await createSlot(session, place, slot))
    for (const source of sources) {
      const { name } = source.reader
      const cursor = parse(after[name], source.relation.place)
      const isKept = cursor !== undefined && !isNew && lsnNumber(cursor.lsn) >= confirmed && goesOn(cursor, source)
      if (isKept) followed.set(name, { source, cursor })
      else await startOver(source)
    }
  }

  async function startOver(source: FollowedSource): Promise<void> {
    const lsn = await currentLsn()
    await outwaitWriters(session, source.relation.place, { clock, signal, patienceMs })
    followed.set(source.reader.name, { source, cursor: beginCursor(source, lsn) })
  }

  async function currentLsn(): Promise<bigint> {
    return (await look()).lsn
  }

  /** Where the log is, and the source's clock before that. */
  async function look(): Promise<Look> {
    const { rows } = await session.query(place, lookSql)
    return { lsn: withoutHeader(lsnNumber(rows[0]?.[0] ?? '0/0')), asOf: rows[0]?.[1] ?? '' }
  }

  /** Everything that the source held, then where the log goes on. */
  async function* pass(name: string): AsyncGenerator<Change> {
    for (let tries = 1; ; tries += 1) {
      const one = followed.get(name)
      if (one === undefined || one.cursor.pass === null) return
      try {
        yield* readPass(one.source, one.cursor)
        if (signal.aborted) return
        one.cursor = { ...one.cursor, pass: null }
        // Nobody told what was deleted before it.
        yield { ...checkpointOf(name, one.cursor), compare: true }
        return
      } catch (error) {
        // Its columns changed between two pages.
        if (!(error instanceof AquiferError) || error.code !== 'CURSOR_EXPIRED' || tries >= mostTries) throw error
        await startOver(await lookAgain(one.source.reader))
      }
    }
  }

  const followersOf = ({ schema, name }: TableName): readonly Follower[] =>
    [...followed.values()].flatMap(({ source }) => {
      const own = { table: source.relation.table, columns: source.relation.key, touch: undefined }
      return [own, ...source.touches.map(({ table, columns }, touch) => ({ table, columns, touch }))]
        .filter(({ table }) => table.schema === schema && table.name === name)
        .map(({ columns, touch }) => ({ source: source.reader.name, columns, touch }))
    })

  async function follow(): Promise<Log> {
    const from = [...followed.values()].map(({ cursor }) => lsnNumber(cursor.lsn)).reduce((a, b) => (a < b ? a : b))
    if (log !== undefined && progress.position === from && progress.transaction === undefined) return log
    await closeLog()
    progress.position = from
    progress.transaction = undefined
    const opening = { address, place, slot, publication, from, signal }
    log = await openLog(opening).catch(async (error: unknown) => {
      if (!(error instanceof Error) || sqlState(error.cause) !== '55006') throw error
      // Whoever has the claim on the sources has the slot: what still holds it is a process that is gone or fenced.
      await session.query(
        place,
        'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active_pid is not null',
        [slot],
      )
      await clock.sleep(500, signal)
      return openLog(opening)
    })
    return log
  }

  /** Asks again until what the log told is seen. */
  async function seen<T>(ask: () => Promise<T | 'unseen'>): Promise<T> {
    for (let pauseMs = 2; ; pauseMs = Math.min(200, pauseMs * 2)) {
      const found = await ask()
      if (found !== 'unseen') return found
      await clock.sleep(pauseMs, signal)
      if (signal.aborted) throw cancelled()
    }
  }

  async function* handOver(told: Told): AsyncGenerator<Change> {
    const transactions = [...told.transactions]
    const position = lsnText(progress.position)
    for (const one of followed.values()) {
      const { source } = one
      const { name } = source.reader
      const keys = [...(told.keys.get(name)?.values() ?? [])]
      let isLost = told.lost.has(name)
      for (let at = 0; at < keys.length && !isLost; at += keysAtOnce) {
        const asked = { keys: keys.slice(at, at + keysAtOnce), transactions, position }
        const found = await seen(() => readKeysAnew(source, asked))
        if (found === 'altered') isLost = true
        else yield* found
      }
      const touched = new Map([...(told.touched.get(name) ?? [])].map(([at, values]) => [at, [...values.values()]]))
      if (!isLost && touched.size > 0) {
        const done = new Set(keys.map((values) => JSON.stringify(values)))
        const maySave = progress.transaction === undefined
        isLost = !(yield* handOverTouched(one, { touched, after: [], transactions, position, done, maySave }))
      }
      if (isLost) yield* readAgain(source)
    }
  }

  async function* readAgain({ reader }: FollowedSource): AsyncGenerator<Change> {
    await startOver(await lookAgain(reader))
    yield* pass(reader.name)
  }

  /** Records by what changed in their other tables, in the order of their keys; false where those are not what they were. */
  async function* handOverTouched(
    { source, cursor }: Followed,
    { position, done, maySave, ...asked }: TouchedKeys & HandingOver,
  ): AsyncGenerator<Change, boolean> {
    const { reader, relation } = source
    const held = await seen(() =>
      session.transaction(relation.place, (run) => holdTouched(run, relation, { ...source, ...asked })),
    )
    if (held === 'altered') return false
    const values = [...asked.touched]
    const isSmall = values.reduce((sum, [, rows]) => sum + rows.length, 0) <= mostSaved
    const isSaved = maySave && isSmall && lsnNumber(position) >= lsnNumber(cursor.lsn)
    let after: KeyValues = []
    for await (const { rows } of readHeld(session, relation.place, held)) {
      if (isSaved && after.length > 0) {
        const saved = { ...cursor, lsn: position, touched: { values, after } }
        yield { ...checkpointOf(reader.name, saved), partial: true }
      }
      const keys = rows.map((row) => row.map((value) => value ?? ''))
      const left = keys.filter((key) => !done.has(JSON.stringify(key)))
      for (let at = 0; at < left.length; at += keysAtOnce) {
        const some = left.slice(at, at + keysAtOnce)
        const found = await readKeysAnew(source, { keys: some, transactions: [], position })
        if (found === 'altered' || found === 'unseen') return false
        yield* found
      }
      after = keys.at(-1) ?? after
    }
    return true
  }

  /** What a process that is gone had not handed over to its end. */
  async function* finishTouched(name: string): AsyncGenerator<Change> {
    const one = followed.get(name)
    if (one === undefined || one.cursor.touched === null) return
    const { values, after } = one.cursor.touched
    const asked = { touched: new Map(values), after, transactions: [], position: one.cursor.lsn, ...unhindered }
    if (!(yield* handOverTouched(one, asked))) {
      yield* readAgain(one.source)
      return
    }
    one.cursor = { ...one.cursor, touched: null }
    yield checkpointOf(name, one.cursor)
  }

  async function* changes(after: Cursors, until: 'now' | number): AsyncGenerator<Change> {
    await prepare(after)
    for (const name of readers.keys()) {
      yield* pass(name)
      yield* finishTouched(name)
      if (signal.aborted) return
    }
    const reading = await follow()
    let probe = await look()
    let told = nothingTold()
    let checkedMs = clock.passed()
    let askedMs = Number.NEGATIVE_INFINITY

    for (;;) {
      if (signal.aborted) return
      if (log !== reading) throw expired(place, 'the log kept for it grew beyond walBudget, and was given up')
      const isBetween = progress.transaction === undefined
      const isCaughtUp = isBetween && progress.position >= probe.lsn
      const isOver = until === 'now' ? isCaughtUp : isBetween && clock.passed() >= until
      const isIdle = isBetween && told.size + told.lost.size > 0
      const message = isOver ? undefined : await reading.next(isIdle ? 0 : until === 'now' ? 50 : 250)
      if (message !== undefined) {
        take(message, { told, progress, followersOf })
        const isFull = told.size >= mostKeys
        if (!isFull) continue
      }
      const changed = new Set([...told.keys.keys(), ...told.touched.keys()])
      if (told.size + told.lost.size > 0) {
        const done = told
        told = nothingTold()
        yield* handOver(done)
        if (signal.aborted) return
      }
      if (progress.transaction !== undefined) continue
      const isDue = isOver || clock.passed() - checkedMs >= checkpointMs
      for (const one of followed.values()) {
        if (!isDue && !changed.has(one.source.reader.name)) continue
        if (lsnNumber(one.cursor.lsn) > progress.position) continue
        const asOf = progress.position >= probe.lsn ? probe.asOf : one.cursor.asOf
        one.cursor = {
          ...one.cursor,
          lsn: lsnText(progress.position),
          asOf: asOf > one.cursor.asOf ? asOf : one.cursor.asOf,
        }
        yield checkpointOf(one.source.reader.name, one.cursor)
      }
      if (isDue) checkedMs = clock.passed()
      if (isOver) return
      if (progress.position >= probe.lsn && clock.passed() - askedMs >= askMs) {
        probe = await look()
      }
      if (message === undefined && clock.passed() - askedMs >= (until === 'now' ? 0 : askMs)) {
        askedMs = clock.passed()
        reading.ask()
      }
    }
  }

  return {
    changes,
    committed(upTo) {
      const cursors = [...readers.keys()].map((name) => parse(upTo[name], place))
      if (cursors.some((cursor) => cursor === undefined)) return
      const lowest = cursors.flatMap((cursor) => (cursor === undefined ? [] : [lsnNumber(cursor.lsn)]))
      log?.confirm(lowest.reduce((a, b) => (a < b ? a : b)))
    },
    async [Symbol.asyncDispose]() {
      guard[Symbol.dispose]()
      await closeLog()
    },
  }
}

function parse(saved: Cursors[string] | undefined, at: Place): StreamCursor | undefined {
  try {
    return parseStreamCursor(saved, at)
  } catch {
    // Another mode's, or no cursor at all: everything is read.
    return undefined
  }
}
