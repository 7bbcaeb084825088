import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AquiferError, type ErrorCode } from '../core/errors.ts'
import { makeFolder } from './make-folder.ts'

const codes: Readonly<Record<string, ErrorCode>> = { ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL' }

/** Writes a file so that whoever reads it, even after a crash, finds the old text or all of the new. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const partial = `${file}.${String(process.pid)}.partial`
  try {
    await makeFolder(dirname(file))
    const handle = await open(partial, 'w')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(partial, file)
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {})
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    throw new AquiferError(codes[reason] ?? 'DIR_NOT_WRITABLE', `${file} cannot be written (${reason}).`, { cause })
  }
}
