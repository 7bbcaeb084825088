import { rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { makeFolder } from '../../config/make-folder.ts'
import { AquiferError } from '../../core/errors.ts'

/** Puts what `write` writes in the place of a file, all of it or nothing; returns the file's absolute path. */
export async function replaceFile(file: string, write: (partial: string) => Promise<void>): Promise<string> {
  const path = resolve(file)
  const partial = `${path}.${String(process.pid)}.partial`
  try {
    await makeFolder(dirname(path))
    await write(partial)
    await rename(partial, path)
    return path
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {})
    if (cause instanceof AquiferError) throw cause
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    if (reason === 'ENOSPC' || reason === 'EDQUOT') {
      throw new AquiferError('DISK_FULL', `${path} cannot be written.`, { cause })
    }
    throw new AquiferError('DIR_NOT_WRITABLE', `${path} cannot be written (${reason}).`, {
      cause,
      fix: 'Name a file in a folder that this user may write to.',
    })
  }
}
