import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AquiferError } from '../../../core/errors.ts'

/** Postgres's major version in the PGlite that this program uses; folders of another can't be opened. */
const postgresMajor = '18'

/** Held by the kernel, and taken back when the process ends in whatever way. */
export interface FolderLock extends Disposable {}

/**
 * Takes the right to open this folder, which has to hold a database. METRIC_ENGINE_BUSY where another process of Aquifer
 * has it; other programs leave no lock that could be seen. SQLite is used for its lock alone: Node has no other that dies
 * with its holder.
 */
export function lockFolder(connection: string, path: string): FolderLock {
  checkFolder(connection, path)
  let database: DatabaseSync | undefined
  try {
    const opened = (database = new DatabaseSync(join(path, 'aquifer.lock'), { timeout: 0 }))
    opened.exec('pragma locking_mode = exclusive; begin exclusive')
    return { [Symbol.dispose]: () => opened.close() }
  } catch (cause) {
    database?.close()
    const isBusy = cause instanceof Error && 'errcode' in cause && (Number(cause.errcode) & 0xff) === sqliteBusy
    if (!isBusy) throw invalid(connection, `${path} cannot be locked`, 'Give this user write access to it.', cause)
    throw new AquiferError('METRIC_ENGINE_BUSY', `Connection ${connection}: another process has ${path} open.`, {
      cause,
    })
  }
}

const sqliteBusy = 5

function checkFolder(connection: string, path: string): void {
  const file = join(path, 'PG_VERSION')
  const version = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  if (version === undefined) {
    throw invalid(connection, `${path} is not the data folder of a PGlite`, 'Correct `path` of the connection.')
  }
  if (existsSync(join(resolve(path), '..', 'owner.lock'))) {
    throw invalid(connection, `${path} is the embedded store of Aquifer itself`, 'Name another folder.')
  }
  if (version !== postgresMajor) {
    throw invalid(
      connection,
      `${path} was written by Postgres ${version}, and PGlite here is Postgres ${postgresMajor}`,
      'Dump that database and restore it into a new folder with this version of PGlite.',
    )
  }
}

function invalid(connection: string, problem: string, fix: string, cause?: unknown): AquiferError {
  return new AquiferError('CONFIG_INVALID', `Connection ${connection}: ${problem}.`, { cause, fix })
}
