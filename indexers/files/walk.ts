import type { BigIntStats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorCode } from '../../src/core/errors.ts'
import { cancelled } from '../../src/core/source-error.ts'
import type { KeyRange } from '../../src/core/indexer.ts'
import { compareUtf8 } from '../../src/core/byte-order.ts'
import type { ChangeTimes } from './change-times.ts'
import { childKey, listFolder } from './list-folder.ts'
import type { Entry, Folder } from './list-folder.ts'
import type { MountWatch } from './mounts.ts'
import { errnoOf, isGone, lostMount, unreachable } from './root.ts'
import type { Root } from './root.ts'
import type { Rules } from './rules.ts'

export interface FoundFile {
  readonly kind: 'file'
  readonly key: string
  /** Where to read it: behind the link, if it is one. */
  readonly path: string
  /** To be read whatever its own times say. */
  readonly isSuspect: boolean
}

export type Found =
  | FoundFile
  | { readonly kind: 'unreadable'; readonly key: string; readonly cause: unknown }
  | { readonly kind: 'unnameable'; readonly key: string; readonly code: ErrorCode; readonly message: string }

export interface Walk {
  readonly root: Root
  readonly rules: Rules
  readonly signal: AbortSignal
  readonly range: KeyRange
  readonly times: ChangeTimes
  readonly mounts: MountWatch
  /** Keys to be read again, files and folders. */
  readonly again: ReadonlySet<string>
}

/** In UTF-8: what a B-tree of Postgres surely takes. */
const maxKeyBytes = 2000

interface Frame extends Folder {
  readonly entries: readonly Entry[]
  readonly stat: BigIntStats
  readonly isTouched: boolean
  /** Everything below may be new here, however old: children of a renamed folder look untouched. */
  readonly isSuspect: boolean
  next: number
}

/** Every file of the range that the rules let through, in byte order of the keys; one folder a level is held at a time. */
export async function* walk(walk: Walk): AsyncGenerator<Found> {
  const { root, range } = walk
  if (root.file !== undefined) {
    if (isIn(range, root.file)) yield onlyFile(root.file, walk)
    return
  }
  const stack = [await enterRoot(walk)]
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (walk.signal.aborted) throw cancelled()
    const entry = frame.entries[frame.next]
    frame.next += 1
    if (entry === undefined) {
      stack.pop()
      continue
    }
    const key = childKey(frame.key, entry.name)
    if (entry.kind !== 'folder' || isTooLong(key)) {
      if (isIn(range, key)) yield foundOf(entry, key, frame, walk)
    } else if (reaches(range, `${key}/`)) {
      const path = entry.linkedPath ?? join(frame.path, entry.name)
      const inner = await enter({ key, path, viaLink: frame.viaLink || entry.linkedPath !== undefined }, stack, walk)
      if (inner !== undefined && 'entries' in inner) stack.push(inner)
      else if (inner !== undefined) yield inner
    }
  }
}

function onlyFile(key: string, { root, mounts }: Walk): FoundFile {
  const place = { key: '', stat: root.stat, outerDevice: undefined, isEmpty: false }
  mounts.see(place)
  return { kind: 'file', key, path: root.path, isSuspect: mounts.isOther(place) }
}

async function enterRoot(walk: Walk): Promise<Frame> {
  const { source, path } = walk.root
  let frame: Frame | Found | undefined
  try {
    frame = await enter({ key: '', path, viaLink: false }, [], walk)
  } catch (error) {
    throw errnoOf(error) === undefined ? error : unreachable(source, path, error)
  }
  if (frame !== undefined && 'entries' in frame) return frame
  throw unreachable(source, path, frame?.kind === 'unreadable' ? frame.cause : undefined)
}

/** Undefined when the folder is no longer there, which is no error. */
async function enter(folder: Folder, above: readonly Frame[], walk: Walk): Promise<Frame | Found | undefined> {
  const outer = above.at(-1)
  try {
    const { entries, stat } = await listFolder(folder, walk)
    const place = { key: folder.key, stat, outerDevice: outer?.stat.dev, isEmpty: entries.length === 0 }
    walk.mounts.see(place)
    if (walk.mounts.isLost(place)) return { kind: 'unreadable', key: folder.key, cause: lostMount }
    const isTouched = walk.times.isTouched(stat)
    const isSuspect =
      folder.viaLink ||
      outer?.isSuspect === true ||
      walk.again.has(folder.key) ||
      walk.mounts.isOther(place) ||
      (outer?.isTouched === true && isTouched)
    return { ...folder, entries, stat, isTouched, isSuspect, next: 0 }
  } catch (cause) {
    if (errnoOf(cause) === undefined) throw cause
    if (!isGone(cause)) return { kind: 'unreadable', key: folder.key, cause }
    await expectSameDevices(above, walk.root)
    return undefined
  }
}

/** A folder is gone: by a delete, unless what it was on was unmounted. */
async function expectSameDevices(frames: readonly Frame[], root: Root): Promise<void> {
  for (const [index, { path, stat }] of frames.entries()) {
    try {
      if ((await lstat(path, { bigint: true })).dev !== stat.dev) throw lostMount
    } catch (error) {
      if (index > 0 && isGone(error)) continue
      throw unreachable(root.source, path, error)
    }
  }
}

function isTooLong(key: string): boolean {
  return Buffer.byteLength(key) > maxKeyBytes
}

function foundOf(entry: Entry, key: string, frame: Frame, { times, again }: Walk): Found {
  if (isTooLong(key)) {
    const shortKey = `${key.slice(0, 600).toWellFormed()}…`
    return { kind: 'unnameable', key: shortKey, code: 'FILE_UNREADABLE', message: 'The path is too long.' }
  }
  if (entry.kind === 'misnamed')
    return { kind: 'unnameable', key, code: 'FILE_ENCODING', message: 'The name is not valid UTF-8.' }
  if (entry.kind === 'unreadable') return { kind: 'unreadable', key, cause: entry.cause }
  const isSuspect =
    frame.isSuspect || entry.linkedPath !== undefined || again.has(key) || (times.areWeak && frame.isTouched)
  return { kind: 'file', key, path: entry.linkedPath ?? join(frame.path, entry.name), isSuspect }
}

function isIn({ from, to }: KeyRange, key: string): boolean {
  return (from === undefined || compareUtf8(key, from) >= 0) && (to === undefined || compareUtf8(key, to) < 0)
}

/** Whether any key with this prefix can be in the range. */
function reaches({ from, to }: KeyRange, prefix: string): boolean {
  if (to !== undefined && compareUtf8(prefix, to) >= 0) return false
  return from === undefined || from.startsWith(prefix) || compareUtf8(prefix, from) > 0
}
