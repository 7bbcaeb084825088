import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { pipeline as chain } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { AquiferError } from '../../core/errors.ts'
import { readFrames, type Frame } from './backup-frames.ts'

const formats = 'aquifer-backup-'
export const backupFormat = `${formats}1`

/** The frames of a backup; BACKUP_INVALID where it cannot be read to its end. */
export async function* openBackup(path: string): AsyncGenerator<Frame> {
  try {
    // The chain hands on what goes wrong with the file to whoever reads the last stream.
    yield* readFrames(chain(createReadStream(path), createGunzip(), () => {}))
  } catch (error) {
    if (error instanceof AquiferError) throw error
    throw new AquiferError('BACKUP_INVALID', `The backup ${path} cannot be read to its end.`, { cause: error })
  }
}

/** Written beside its place and renamed, so that an earlier backup stays whole whatever happens. */
export async function writeBackup(path: string, frames: AsyncIterable<Uint8Array>): Promise<void> {
  await checkPlace(path)
  const partial = `${path}.partial`
  try {
    await pipeline(frames, createGzip({ level: 1 }), createWriteStream(partial, { flags: 'w', mode: 0o600 }))
    await rename(partial, path)
  } catch (error) {
    throw fileError(error, path)
  } finally {
    await rm(partial, { force: true }).catch(() => undefined)
  }
}

/** A slip of the hand must not cost a file that is something else. */
async function checkPlace(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || (found.isFile() && (found.size === 0 || (await isBackup(path))))) return
  throw new AquiferError('ARGUMENT_INVALID', `${path} is there already and is no backup.`, {
    fix: 'Name a new file, or an earlier backup to replace.',
  })
}

async function isBackup(path: string): Promise<boolean> {
  try {
    for await (const { kind, body } of openBackup(path)) return kind === 'header' && Buffer.from(body).includes(formats)
    return false
  } catch {
    return false
  }
}

const unwritable = ['EACCES', 'EISDIR', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR', 'EPERM', 'EROFS']

function fileError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AquiferError('DISK_FULL', `The disk of ${path} is full; nothing was left there.`, { cause: error })
  }
  if (!unwritable.includes(code)) return error
  return new AquiferError('DIR_NOT_WRITABLE', `${path} cannot be written (${code}).`, {
    cause: error,
    fix: 'Name a file in a folder that this user may write to.',
  })
}
