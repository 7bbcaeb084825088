import { lstat } from 'node:fs/promises'
import type { Change, Json } from '../../schemas/record.ts'
import { changeTimes } from './change-times.ts'
import type { ChangeTimes } from './change-times.ts'
import { bootedAt, parseCursor } from './cursor.ts'
import { findMountPoints, watchMounts } from './mounts.ts'
import type { MountWatch } from './mounts.ts'
import { readDocument } from './read-document.ts'
import type { DocumentRead, OpenSource } from './read-document.ts'
import { errnoOf, isGone, openRoot } from './root.ts'
import type { Root } from './root.ts'
import { refused } from './read-file.ts'
import { walk } from './walk.ts'
import type { Found } from './walk.ts'

/** So many files are looked at side by side to see whether they were touched. */
const lookahead = 32
/** Beyond so many things that cannot be read, the next round reads everything. */
const maxAgain = 1000

interface Round {
  readonly source: OpenSource
  readonly root: Root
  readonly startedAtMs: number
  readonly mounts: MountWatch
  readonly again: Set<string>
}

/** What may have changed since the cursor, in the order of the keys, and a checkpoint; CANCELLED when aborted. */
export async function* readRound(source: OpenSource, cursor: Json | undefined): AsyncGenerator<Change> {
  const { name, settings, rules, options } = source
  const startedAtMs = options.clock.now()
  const before = parseCursor(cursor, startedAtMs)
  const root = await openRoot(name, settings.path, 'SOURCE_UNREACHABLE')
  const times = changeTimes(root.isLocal, before.startedAtMs)
  const mounts = watchMounts(before.mounts, await findMountPoints(root.path))
  const round: Round = { source, root, startedAtMs, mounts, again: new Set() }
  const again = new Set(before.again)
  for await (const batch of inBatches(walk({ root, rules, signal: options.signal, range: {}, times, mounts, again }))) {
    const wanted = await Promise.all(batch.map((found) => isWanted(found, times)))
    for (const [index, found] of batch.entries()) {
      const change = wanted[index] === true ? await changeOf(found, round) : undefined
      if (change !== undefined) yield change
    }
  }
  yield checkpointOf(round)
}

async function* inBatches(items: AsyncIterable<Found>): AsyncGenerator<Found[]> {
  let batch: Found[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < lookahead) continue
    yield batch
    batch = []
  }
  yield batch
}

async function isWanted(found: Found, times: ChangeTimes): Promise<boolean> {
  if (found.kind !== 'file' || found.isSuspect) return true
  try {
    return times.isTouched(await lstat(found.path, { bigint: true }))
  } catch (error) {
    return !isGone(error)
  }
}

/** What is to be said of a found file; undefined when it has gone meanwhile. */
export async function changeOf(found: Found, { source, root, startedAtMs, again }: Round): Promise<Change | undefined> {
  const read = await readFound(found, root, source)
  if (read.kind === 'gone') return undefined
  if (read.kind === 'refused' && read.isPassing) again.add(found.key)
  const position = isoOf(read.stat?.ctimeNs) ?? new Date(startedAtMs).toISOString()
  const place = { source: source.name, key: found.key, position }
  if (read.kind === 'refused') return { kind: 'reject', ...place, code: read.code, message: read.message }
  const modifiedAt = isoOf(read.stat.mtimeNs)
  const { digest, content } = read
  return { kind: 'put', ...place, digest, ...(modifiedAt === undefined ? {} : { modifiedAt }), content }
}

async function readFound(found: Found, root: Root, source: OpenSource): Promise<DocumentRead> {
  if (found.kind === 'unnameable') return refused(found.code, found.message)
  if (found.kind === 'file') return await readDocument(found, root, source)
  const reason = errnoOf(found.cause) ?? 'unknown'
  return refused('FILE_UNREADABLE', `The folder or link cannot be read (${reason}).`, { isPassing: true })
}

function checkpointOf({ source, startedAtMs, mounts, again }: Round): Change {
  const asOf = new Date(startedAtMs).toISOString()
  const since = { startedAtMs, bootedAtMs: bootedAt(startedAtMs) }
  const onwards = again.size > maxAgain ? { again: [] } : { ...since, again: [...again] }
  return {
    kind: 'checkpoint',
    source: source.name,
    position: asOf,
    cursor: { mounts: mounts.seen(), ...onwards },
    asOf,
  }
}

/** Undefined for a time that four digits of a year cannot say. */
function isoOf(timeNs: bigint | undefined): string | undefined {
  if (timeNs === undefined) return undefined
  const date = new Date(Number(timeNs / 1_000_000n))
  const year = date.getUTCFullYear()
  return year >= 0 && year <= 9999 ? date.toISOString() : undefined
}
