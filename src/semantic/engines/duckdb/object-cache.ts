import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, realpath, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { AquiferError } from '../../../core/errors.ts'
import { openCacheRoom } from './cache-room.ts'
import { errorCode } from './error-code.ts'
import { splitPath, withoutEnding } from './file-kind.ts'

/** One version of an object: another content has another tag. */
export interface CachedObject {
  /** Relative to the prefix. */
  readonly path: string
  readonly etag: string
  readonly bytes: number
}

interface CacheOptions {
  readonly connection: string
  readonly folder: string
  readonly maxBytes: number
  /** Tells the objects of this bucket from another one's. */
  readonly origin: string
  /** Its content; undefined where it is not that version any more. */
  readonly read: (object: CachedObject, signal: AbortSignal) => Promise<Readable | undefined>
}

/**
 * Copies of objects on this disk, those used last, in a folder that several processes may share. A half copy is never seen:
 * it is renamed when it is whole, and removed when its process has ended.
 */
export interface ObjectCache extends AsyncDisposable {
  /** Folder of the copies, without symbolic links. */
  folder(): Promise<string>
  /** Copies that stay until they are left; undefined where an object is not that version any more. */
  take(objects: readonly CachedObject[], signal: AbortSignal): Promise<readonly string[] | undefined>
  leave(objects: readonly CachedObject[]): void
  /** Another process may have made room. */
  has(objects: readonly CachedObject[]): Promise<boolean>
}

const touchMs = 60_000
const atOnce = 4

export function openObjectCache({ connection, folder, maxBytes, origin, read }: CacheOptions): ObjectCache {
  const copies = join(folder, 'objects')
  const closing = new AbortController()
  const users = new Map<string, number>()
  const touched = new Map<string, number>()
  const downloads = new Map<string, Promise<boolean>>()
  const room = openCacheRoom({
    copies,
    parts: join(folder, 'parts'),
    maxBytes,
    isUsed: (name) => users.has(name),
    closing: closing.signal,
  })

  const copyName = ({ path, etag, bytes }: CachedObject): string => {
    const hash = createHash('sha256').update(JSON.stringify([origin, path, etag, bytes]))
    return `${hash.digest('hex').slice(0, 32)}~${String(bytes)}`
  }

  /** Its `key=value` folders are columns, so they stay in the path. */
  const copyPath = (object: CachedObject): string => {
    const partitions = splitPath(object.path)
      .folder.split('/')
      .filter((segment) => /^[^=]+=/.test(segment))
    const ending = object.path.slice(withoutEnding(object.path).length)
    return join(copies, copyName(object), ...partitions, `data${ending}`)
  }

  async function isThere(object: CachedObject): Promise<boolean> {
    const found = await stat(copyPath(object)).catch(() => undefined)
    return found?.size === object.bytes
  }

  /** The time of its folder is when it was last used, about. */
  async function touch(object: CachedObject): Promise<void> {
    const name = copyName(object)
    const now = Date.now()
    if (now - (touched.get(name) ?? 0) < touchMs) return
    touched.set(name, now)
    await utimes(join(copies, name), new Date(now), new Date(now)).catch(() => {})
  }

  async function provide(object: CachedObject): Promise<boolean> {
    if (await isThere(object)) {
      await touch(object)
      return true
    }
    const name = copyName(object)
    const download = downloads.get(name) ?? fetchCopy(object).finally(() => downloads.delete(name))
    downloads.set(name, download)
    return download
  }

  async function fetchCopy(object: CachedObject): Promise<boolean> {
    const part = await room.reserve(object.bytes)
    if (part === undefined) throw tooSmall()
    try {
      const content = await read(object, closing.signal)
      if (content === undefined) return false
      await pipeline(content, createWriteStream(part, { flush: true }), { signal: closing.signal })
      const { size } = await stat(part)
      if (size !== object.bytes) return false
      await moveTo(copyPath(object), part)
      touched.delete(copyName(object))
      return true
    } finally {
      await rm(part, { force: true })
    }
  }

  async function provideAll(objects: readonly CachedObject[]): Promise<boolean> {
    const waiting = objects.values()
    let whole = true
    const work = async (): Promise<void> => {
      for (const object of waiting) {
        const there = await provide(object)
        whole &&= there
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    return whole
  }

  function tooSmall(): AquiferError {
    const message = `Connection ${connection}: its cache has no room for the files of the tables`
    return new AquiferError('METRIC_TOO_LARGE', message, {
      fix: 'Raise `cache` of the connection, or name fewer files as the table.',
    })
  }

  function leave(objects: readonly CachedObject[]): void {
    for (const name of objects.map(copyName)) {
      const left = (users.get(name) ?? 1) - 1
      if (left > 0) users.set(name, left)
      else users.delete(name)
    }
  }

  return {
    folder: async () => {
      await mkdir(copies, { recursive: true, mode: 0o700 })
      return realpath(copies)
    },
    take: async (objects, signal) => {
      const needed = objects.reduce((sum, { bytes }) => sum + bytes, 0)
      if (needed > maxBytes) throw tooSmall()
      for (const name of objects.map(copyName)) users.set(name, (users.get(name) ?? 0) + 1)
      try {
        if (await untilAborted(provideAll(objects), signal)) return objects.map(copyPath)
      } catch (error) {
        leave(objects)
        throw error
      }
      leave(objects)
      return undefined
    },
    leave,
    has: async (objects) => (await Promise.all(objects.map(isThere))).every(Boolean),
    [Symbol.asyncDispose]: async () => {
      closing.abort(new AquiferError('CANCELLED', `Connection ${connection} was closed.`, { fix: 'Ask again.' }))
      await Promise.allSettled(downloads.values())
    },
  }
}

async function moveTo(target: string, part: string, more = 2): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  try {
    await rename(part, target)
  } catch (error) {
    // Another process may have taken the new folder for an old one.
    if (more === 0 || errorCode(error) !== 'ENOENT') throw error
    await moveTo(target, part, more - 1)
  }
}

/** Stops waiting; what is under way goes on, for the next one who asks. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  work.catch(() => {})
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
