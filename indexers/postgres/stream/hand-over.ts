import type { Change } from '../../../schemas/record.ts'
import { cancelled } from '../../../src/core/source-error.ts'
import { readHeld } from '../read-held.ts'
import type { Told } from './follow.ts'
import { checkpointOf, readKeysAnew } from './followed-source.ts'
import { lsnNumber, lsnText } from './lsn.ts'
import type { KeyValues } from './reread.ts'
import { startOverAnew } from './start-over.ts'
import type { StreamContext, Track } from './stream-context.ts'
import { holdTouched } from './touches.ts'

/** Keys are read anew in statements of so many. */
const keysAtOnce = 500
/** A cursor holds so many values of rows whose records have not all been handed over. */
const mostSaved = 500

interface HandingOver extends Pick<Parameters<typeof holdTouched>[2], 'touched' | 'after' | 'transactions'> {
  readonly position: string
  /** Keys, as JSON, that were handed over already. */
  readonly done: ReadonlySet<string>
  /** Whether the log stands between two transactions, so that one may go on from here. */
  readonly maySave: boolean
}

/** What the log told, as it is now. A source of which it does not tell enough is read from the start. */
export async function* handOver(context: StreamContext, told: Told): AsyncGenerator<Change> {
  const { progress } = context
  const transactions = [...told.transactions]
  const position = lsnText(progress.position)
  for (const [name, track] of context.tracks) {
    const { source } = track
    const keys = [...(told.keys.get(name)?.values() ?? [])]
    let isLost = told.lost.has(name)
    for (let at = 0; at < keys.length && !isLost; at += keysAtOnce) {
      const asked = { keys: keys.slice(at, at + keysAtOnce), transactions, position }
      const found = await seen(context, () => readKeysAnew(source, asked))
      if (found === 'altered') isLost = true
      else yield* found
    }
    const touched = new Map([...(told.touched.get(name) ?? [])].map(([at, values]) => [at, [...values.values()]]))
    if (!isLost && touched.size > 0) {
      const done = new Set(keys.map((values) => JSON.stringify(values)))
      const maySave = progress.transaction === undefined
      isLost = !(yield* handOverTouched(context, track, { touched, after: [], transactions, position, done, maySave }))
    }
    if (isLost) await startOverAnew(context, source.reader)
  }
}

/** What a process that is gone had not handed over to its end. */
export async function* finishTouched(context: StreamContext, track: Track): AsyncGenerator<Change> {
  if (track.cursor.touched === null) return
  const { values, after } = track.cursor.touched
  const asked = { touched: new Map(values), after, transactions: [], position: track.cursor.lsn }
  if (!(yield* handOverTouched(context, track, { ...asked, done: new Set(), maySave: true }))) {
    await startOverAnew(context, track.source.reader)
    return
  }
  track.cursor = { ...track.cursor, touched: null }
  yield checkpointOf(track.source.reader.name, track.cursor)
}

/** Records by what changed in their other tables, in the order of their keys; false where those are not what they were. */
async function* handOverTouched(
  context: StreamContext,
  { source, cursor }: Track,
  { position, done, maySave, ...asked }: HandingOver,
): AsyncGenerator<Change, boolean> {
  const { reader, relation } = source
  const { session } = reader
  const held = await seen(context, () =>
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

/** Asks again until what the log told is seen. */
async function seen<T>({ clock, signal }: StreamContext, ask: () => Promise<T | 'unseen'>): Promise<T> {
  for (let pauseMs = 2; ; pauseMs = Math.min(200, pauseMs * 2)) {
    const found = await ask()
    if (found !== 'unseen') return found
    await clock.sleep(pauseMs, signal)
    if (signal.aborted) throw cancelled()
  }
}
