import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { errorCode } from './error-code.ts'
import { processName, removeLeft } from './process-folder.ts'

interface RoomOptions {
  /** Of the whole copies; each name ends in `~` and its size. */
  readonly copies: string
  /** Of what is being written, named likewise. */
  readonly parts: string
  readonly maxBytes: number
  /** Whether a copy has to stay. */
  readonly isUsed: (name: string) => boolean
  readonly closing: AbortSignal
}

/** The space that copies may take, whichever process writes them. */
export interface CacheRoom {
  /**
   * A new, empty file for so many bytes, which count from now on; the copies that were used longest ago make room for it.
   * undefined where too much is in use.
   */
  reserve(bytes: number): Promise<string | undefined>
}

const staleLockMs = 10_000

export function openCacheRoom({ copies, parts, maxBytes, isUsed, closing }: RoomOptions): CacheRoom {
  const lock = `${copies}.lock`

  async function makeRoom(bytes: number): Promise<boolean> {
    const names = await readdir(copies)
    let room = maxBytes - bytes - total(names) - total(await readdir(parts))
    if (room >= 0) return true
    const unused = names.filter((name) => !isUsed(name))
    const ages = await Promise.all(unused.map(async (name) => ({ name, usedMs: await timeOf(join(copies, name)) })))
    for (const { name } of ages.toSorted((a, b) => (a.usedMs ?? 0) - (b.usedMs ?? 0))) {
      if (room >= 0) break
      await rm(join(copies, name), { recursive: true, force: true })
      room += sizeIn(name)
    }
    return room >= 0
  }

  async function takeLock(): Promise<AsyncDisposable> {
    for (;;) {
      closing.throwIfAborted()
      try {
        await (await open(lock, 'wx', 0o600)).close()
        return { [Symbol.asyncDispose]: () => rm(lock, { force: true }) }
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error
        const taken = await timeOf(lock)
        // It is held for milliseconds; whoever held this one has ended.
        if (taken !== undefined && Date.now() - taken > staleLockMs) await rm(lock, { force: true })
        else await sleep(20)
      }
    }
  }

  return {
    reserve: async (bytes) => {
      await mkdir(parts, { recursive: true, mode: 0o700 })
      await mkdir(copies, { recursive: true, mode: 0o700 })
      await using _ = await takeLock()
      await removeLeft(parts)
      if (!(await makeRoom(bytes))) return undefined
      const part = join(parts, `${processName()}~${String(bytes)}`)
      await (await open(part, 'wx', 0o600)).close()
      return part
    },
  }
}

/** When a folder or file was last written or touched, in milliseconds since 1970; undefined if it is gone. */
async function timeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs
}

function total(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + sizeIn(name), 0)
}

function sizeIn(name: string): number {
  const size = Number(name.split('~').at(-1))
  return Number.isSafeInteger(size) ? size : 0
}
