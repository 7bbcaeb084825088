import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AquiferError } from '../../../core/errors.ts'
import { packageVersion } from './package-version.ts'
import { takeSeed, type Seed } from './seed.ts'

/** Postgres's major version in the PGlite that this program uses; files of another can't be opened. */
const postgresMajor = 18

/**
 * The folder of the database below `dir`, created if there is none. It is made beside its place and renamed, so an
 * interrupted creation leaves nothing that looks like a database. Only the owner of `dir` may call this.
 */
export async function prepareDataDir(dir: string, cacheDir?: string): Promise<string> {
  const dataDir = join(dir, 'data')
  const partial = join(dir, 'data.new')
  rmSync(partial, { recursive: true, force: true })
  if (existsSync(dataDir)) {
    checkVersion(dataDir)
    return dataDir
  }
  try {
    writeFiles(partial, await takeSeed(await seedVersion(), cacheDir))
    renameSync(partial, dataDir)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    throw error
  }
  return dataDir
}

function checkVersion(dataDir: string): void {
  const path = join(dataDir, 'PG_VERSION')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const major = Number.parseInt(text, 10)
  if (major === postgresMajor) return
  if (Number.isNaN(major)) {
    throw new AquiferError('LEDGER_DAMAGED', `${dataDir} is not a database: it has no PG_VERSION.`)
  }
  throw new AquiferError(
    major > postgresMajor ? 'LEDGER_NEWER' : 'LEDGER_OLDER',
    `${dataDir} was written by Postgres ${String(major)}; this version of Aquifer embeds Postgres ${String(postgresMajor)}.`,
  )
}

function writeFiles(folder: string, seed: Seed): void {
  mkdirSync(folder, { mode: 0o700 })
  for (const [path, bytes] of seed) {
    if (bytes === undefined) mkdirSync(join(folder, path), { mode: 0o700 })
    else writeFileSync(join(folder, path), bytes, { mode: 0o600 })
  }
}

/** Whatever a created database depends on: engine, extensions, and how we create it. */
async function seedVersion(): Promise<string> {
  const packages = ['pglite', 'pglite-pgvector', 'pglite-pg_textsearch']
  const versions = await Promise.all(packages.map((name) => packageVersion(`@electric-sql/${name}`)))
  return [...versions, 'format1'].join('-')
}
