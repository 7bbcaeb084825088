import { createHash } from 'node:crypto'
import { lstat, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { AquiferError } from '../../../core/errors.ts'

/** The kernel's limit is 104 (macOS) or 108 bytes. */
const longestSocketPath = 99

/** Where an owner of the store is to listen: below the folder, if the path is short enough and the folder ours alone. */
export async function ownerAddress(dir: string): Promise<string> {
  const real = await realpath(dir)
  const name = createHash('sha256').update(real).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\aquifer-${name}`
  const path = join(real, 'owner.sock')
  if (Buffer.byteLength(path) <= longestSocketPath && isPrivate(await lstat(real))) return path
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
  if (found.isDirectory() && found.uid === uid && isPrivate(found)) return folder
  throw new AquiferError('DIR_NOT_WRITABLE', `${folder} is not a folder of this user alone.`, {
    fix: 'Remove it, or set TMPDIR to a folder of your own.',
  })
}

const isPrivate = ({ mode }: { readonly mode: number }): boolean => (mode & 0o077) === 0

/** Leaves for others where the owner listens, and its process id, should it not answer. */
export async function noteOwner(dir: string, address: string): Promise<void> {
  const partial = join(dir, `owner.json.${String(process.pid)}`)
  await writeFile(partial, JSON.stringify({ pid: process.pid, address }), { mode: 0o600 })
  await rename(partial, join(dir, 'owner.json'))
}

export async function forgetOwner(dir: string): Promise<void> {
  await rm(join(dir, 'owner.json'), { force: true })
}

export interface OwnerNote {
  /** "process 123", as far as it is known. */
  readonly name: string
  readonly address: string | undefined
}

/** What the last owner left; it may have ended since. */
export async function readOwnerNote(dir: string): Promise<OwnerNote> {
  try {
    const note: unknown = JSON.parse(await readFile(join(dir, 'owner.json'), 'utf8'))
    if (note instanceof Object && 'pid' in note && 'address' in note) {
      return { name: `process ${String(note.pid)}`, address: String(note.address) }
    }
  } catch {
    // No note or half of one: the owner is only just starting.
  }
  return { name: 'another process', address: undefined }
}

/** "process 123", as far as it is known. */
export async function ownerName(dir: string): Promise<string> {
  return (await readOwnerNote(dir)).name
}
