import { access, chmod, constants, mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AquiferError } from '../../../core/errors.ts'
import { storageError } from './storage-error.ts'

/** The right to open the store's files. The kernel holds it, and takes it back when the process ends in whatever way. */
export interface OwnerLock extends Disposable {}

const ours = /^(data|data\.new|engines|owner\..*)$/

/** Makes the store's folder, open to this user alone unless other things are in it. DIR_NOT_WRITABLE, DISK_FULL. */
export async function prepareStoreDir(dir: string): Promise<void> {
  try {
    await makeDir(resolve(dir))
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK)
    if ((await readdir(dir)).every((name) => ours.test(name))) await chmod(dir, 0o700)
  } catch (error) {
    throw storageError(error, dir, ['ENOENT']) ?? error
  }
}

/** As `mkdir -p`; Node's own recursion never ends where a folder can't be made but its parent can be read, as in /proc. */
async function makeDir(dir: string): Promise<void> {
  const isThere = async (): Promise<boolean> => (await stat(dir).catch(() => undefined))?.isDirectory() === true
  if (await isThere()) return
  const parent = dirname(dir)
  if (parent !== dir) await makeDir(parent)
  await mkdir(dir, { mode: 0o700 }).catch(async (error: unknown) => {
    // Another process may have been quicker.
    if (!(await isThere())) throw error
  })
}

const busy = 5
const readOnly = 8
const ioError = 10
const full = 13
const cannotOpen = 14
const protocol = 15

/**
 * Takes the lock of a folder, or undefined if another process (or another ledger of this one) has it. SQLite is used
 * for its lock alone: Node has no other that dies with its holder. POSIX drops such a lock when the process closes any
 * handle of that file, so nothing may read `owner.lock`; whoever takes the lock must still ask whether an owner answers.
 */
export function tryOwnerLock(dir: string): OwnerLock | undefined {
  let database: DatabaseSync | undefined
  try {
    const opened = (database = new DatabaseSync(join(dir, 'owner.lock'), { timeout: 0 }))
    opened.exec('pragma locking_mode = exclusive; begin exclusive')
    return { [Symbol.dispose]: () => opened.close() }
  } catch (error) {
    database?.close()
    const result = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
    const primary = result & 0xff
    if (primary === busy) return undefined
    throw lockError(primary, dir, error)
  }
}

function lockError(result: number, dir: string, cause: unknown): unknown {
  if (result === full) return new AquiferError('DISK_FULL', `The disk with ${dir} is full.`, { cause })
  if (result === readOnly || result === cannotOpen) {
    return new AquiferError('DIR_NOT_WRITABLE', `The embedded store cannot be locked in ${dir}.`, { cause })
  }
  if (result === ioError || result === protocol) {
    return new AquiferError('DIR_NO_LOCKS', `Files in ${dir} cannot be locked; is it a network share?`, { cause })
  }
  return cause
}
