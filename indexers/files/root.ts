import type { BigIntStats } from 'node:fs'
import { lstat, opendir, realpath } from 'node:fs/promises'
import { basename, sep } from 'node:path'
import { AquiferError } from '../../src/core/errors.ts'
import { isLocalFileSystem } from './change-times.ts'

/** The place a source names, as found at the start of a round. */
export interface Root {
  readonly source: string
  /** Where it really is: nothing outside is read. */
  readonly path: string
  /** The name of the one file, for a source that is a file. */
  readonly file: string | undefined
  readonly stat: BigIntStats
  /** Its times can be relied on, to the second. */
  readonly isLocal: boolean
}

/** Throws `whenMissing` if nothing is there, SOURCE_UNREACHABLE if it cannot be read. */
export async function openRoot(
  source: string,
  path: string,
  whenMissing: 'SOURCE_INVALID' | 'SOURCE_UNREACHABLE',
): Promise<Root> {
  try {
    const real = await realpath(path)
    const stat = await lstat(real, { bigint: true })
    const isLocal = await isLocalFileSystem(real)
    if (stat.isDirectory()) {
      await (await opendir(real)).close()
      return { source, path: real, file: undefined, stat, isLocal }
    }
    if (stat.isFile()) return { source, path: real, file: basename(path), stat, isLocal }
  } catch (error) {
    if (isGone(error)) throw new AquiferError(whenMissing, `Source ${source}: there is no ${path}.`, { cause: error })
    throw unreachable(source, path, error)
  }
  throw new AquiferError('SOURCE_INVALID', `Source ${source}: ${path} is neither a folder nor a file.`)
}

/** What held the files of a folder is no longer mounted, as a file system would have said it. */
export const lostMount = Object.assign(new Error('what was mounted here is gone'), { code: 'ENODEV' })

export function unreachable(source: string, place: string, cause: unknown): AquiferError {
  const reason = errnoOf(cause)
  const message = `Source ${source}: ${place} cannot be read${reason === undefined ? '' : ` (${reason})`}.`
  if (cause !== lostMount) return new AquiferError('SOURCE_UNREACHABLE', message, { cause })
  const fix = 'Mount it again; if it is meant to be empty, run `aquifer sync --full`.'
  return new AquiferError('SOURCE_UNREACHABLE', message, { cause, fix })
}

/** Whether a path is below a folder or is it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** Nothing is there any more, or something else is: as after a rename or a delete. */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')
}

/** `EACCES` and the like; undefined for what the file system did not throw. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof AquiferError) return undefined
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
