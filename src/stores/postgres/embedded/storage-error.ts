import { AquiferError } from '../../../core/errors.ts'

/** How a full disk reads in Postgres's last words and in those of Node. */
export const isDiskFullText = (text: string): boolean =>
  /No space left on device|ENOSPC|EDQUOT|Disk quota exceeded/.test(text)

/** An error of the file system as one of ours; undefined if it is something else. `more` codes count as not writable. */
export function storageError(error: unknown, dir: string, more: readonly string[] = []): AquiferError | undefined {
  if (error instanceof AquiferError) return error
  const code = error instanceof Object && 'code' in error ? String(error.code) : ''
  if (['ENOSPC', 'EDQUOT'].includes(code)) {
    return new AquiferError('DISK_FULL', `The disk with ${dir} is full.`, { cause: error })
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', ...more].includes(code)) {
    return new AquiferError('DIR_NOT_WRITABLE', `The embedded store cannot be written in ${dir} (${code}).`, {
      cause: error,
    })
  }
  return undefined
}
