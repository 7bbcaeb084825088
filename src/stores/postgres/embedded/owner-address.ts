import { createHash } from 'node:crypto'
import { lstat, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { AquiferError } from '../../../core/errors.ts'

/** The kernel's limit is 104 (macOS) or 108 bytes. */
const longestSocketPath = 99

/** Where the owner of a store listens: the same for every process of this user that opens the folder. */
export async function ownerAddress(dir: string): Promise<string> {
  const real = await realpath(dir)
  const name = createHash('sha256').update(real).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\aquifer-${name}`
  const path = join(real, 'owner.sock')
  if (Buffer.byteLength(path) <= longestSocketPath) return path
  return join(await socketFolder(), `${name}.sock`)
}

/** A folder of this user alone below the shared temporary one, where anybody may have made that name before us. */
async function socketFolder(): Promise<string> {
  const { uid } = userInfo()
  const folder = join(tmpdir(), `aquifer-${String(uid)}`)
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
  const found = await lstat(folder)
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return folder
  throw new AquiferError('DIR_NOT_WRITABLE', `${folder} is not a folder of this user alone.`, {
    fix: 'Remove it, or set TMPDIR to a folder of your own.',
  })
}

/** Leaves the owner's process id for others to name, should it not answer. */
export async function noteOwner(dir: string): Promise<void> {
  const partial = join(dir, `owner.json.${String(process.pid)}`)
  await writeFile(partial, JSON.stringify({ pid: process.pid }), { mode: 0o600 })
  await rename(partial, join(dir, 'owner.json'))
}

export async function forgetOwner(dir: string): Promise<void> {
  await rm(join(dir, 'owner.json'), { force: true })
}

/** "process 123", as far as it is known. */
export async function ownerName(dir: string): Promise<string> {
  try {
    const note: unknown = JSON.parse(await readFile(join(dir, 'owner.json'), 'utf8'))
    if (note instanceof Object && 'pid' in note) return `process ${String(note.pid)}`
  } catch {
    // No note or half of one: the owner is only just starting.
  }
  return 'another process'
}
