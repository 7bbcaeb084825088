import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

import { errorCode } from './error-code.ts'

const dayMs = 86_400_000

/** A new folder below `parent` for this process alone, this user's only. What ended processes left there is removed. */
export async function openProcessFolder(parent: string): Promise<AsyncDisposable & { readonly path: string }> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const path = join(parent, processName())
  await removeLeft(parent)
  await mkdir(path, { mode: 0o700 })
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A name that tells which process of which machine it belongs to. */
export function processName(): string {
  return `${hostname()}~${String(process.pid)}~${randomUUID().slice(0, 8)}`
}

/** Removes what has such a name, before its ending, of a process that has ended. */
export async function removeLeft(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [host, pid] = name.split('~')
    if (host === undefined || pid === undefined) continue
    if (host === hostname() ? !isAlive(Number(pid)) : await isOld(join(parent, name))) {
      await rm(join(parent, name), { recursive: true, force: true })
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return errorCode(error) === 'EPERM'
  }
}

/** Another machine's processes can't be asked. */
async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > dayMs
}
