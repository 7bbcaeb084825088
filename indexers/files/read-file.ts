import { constants } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { lstat, open, realpath } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '../../src/core/clock.ts'
import { cancelled } from '../../src/core/source-error.ts'
import type { ErrorCode } from '../../src/core/errors.ts'

import { errnoOf, isGone, isInside } from './root.ts'
import type { Root } from './root.ts'

export interface Refused {
  readonly kind: 'refused'
  readonly code: ErrorCode
  readonly message: string
  readonly stat: BigIntStats | undefined
  /** The file's times may not tell when it can be read. */
  readonly isPassing: boolean
}

export type FileRead =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly stat: BigIntStats }
  | { readonly kind: 'gone' }
  | Refused

interface Limits {
  readonly root: Root
  readonly maxBytes: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

const attempts = 5
const pauseMs = 50

/** All bytes of a file as they were at one moment, or why not; throws nothing but CANCELLED. */
export async function readFile(path: string, limits: Limits): Promise<FileRead> {
  try {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      if (limits.signal.aborted) throw cancelled()
      const read = await readOnce(path, limits)
      if (read !== 'changing') return read
      await limits.clock.sleep(pauseMs, limits.signal)
    }
    return refused('FILE_CHANGING', 'The file changes while it is read.', { isPassing: true })
  } catch (error) {
    const reason = errnoOf(error)
    if (reason === undefined) throw error
    if (isGone(error)) return { kind: 'gone' }
    return refused('FILE_UNREADABLE', `The file cannot be read (${reason}).`, { isPassing: true })
  }
}

async function readOnce(path: string, { root, maxBytes, clock, signal }: Limits): Promise<FileRead | 'changing'> {
  // O_NONBLOCK: a pipe that took the file's place must not hold us.
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const before = await file.stat({ bigint: true })
  const there = await findBelow(root, path)
  if (!before.isFile() || there === undefined) return { kind: 'gone' }
  if (there.ino !== before.ino || there.dev !== before.dev) return 'changing'
  if (before.size > maxBytes) {
    const sizes = `${before.size.toLocaleString('en')} bytes; maxBytes is ${maxBytes.toLocaleString('en')}`
    return refused('FILE_TOO_LARGE', `The file has ${sizes}.`, { stat: before })
  }
  const bytes = await readBytes(file, Number(before.size), signal)
  const after = await file.stat({ bigint: true })
  const isSame = before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs && before.size === after.size
  if (!isSame || bytes === undefined) return 'changing'
  // A second write within one tick of the file system's clock leaves no trace in its times.
  const ageMs = clock.now() - Number(after.ctimeNs / 1_000_000n)
  return ageMs >= 0 && ageMs < pauseMs ? 'changing' : { kind: 'bytes', bytes, stat: after }
}

/** Undefined if the path leads out of the source: a folder on the way may have been swapped for a link since the listing. */
async function findBelow(root: Root, path: string): Promise<BigIntStats | undefined> {
  const real = await realpath(path)
  return isInside(real, root.path) ? await lstat(real, { bigint: true }) : undefined
}

/** Undefined if there are fewer or more bytes than that. */
async function readBytes(file: FileHandle, size: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const buffer = Buffer.allocUnsafe(size + 1)
  let length = 0
  while (length <= size) {
    if (signal.aborted) throw cancelled()
    const { bytesRead } = await file.read(buffer, length, Math.min(size + 1 - length, 1 << 20))
    if (bytesRead === 0) break
    length += bytesRead
  }
  return length === size ? buffer.subarray(0, size) : undefined
}

export function refused(
  code: ErrorCode,
  message: string,
  { stat, isPassing = false }: { stat?: BigIntStats; isPassing?: boolean } = {},
): Refused {
  return { kind: 'refused', code, message, stat, isPassing }
}
