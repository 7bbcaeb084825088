import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { gunzipSync, gzipSync } from 'node:zlib'
import { PGlite } from '@electric-sql/pglite'
import { userCache } from '../../../core/user-cache.ts'
import { extensions } from './pglite-session.ts'

/** The files of a database that was just created and never used; a folder has no bytes. Folders come before their files. */
export type Seed = readonly (readonly [path: string, bytes: Uint8Array | undefined])[]

const chunkBytes = 1 << 22

/** Smaller log segments than the usual 16 MB: an empty store is half the size, and running out of disk comes later. */
const initDbParams = ['--wal-segsize=4']

/**
 * A new database from this user's cache, or made and left there: making one takes seconds, a copy a tenth of one. The
 * cache is never needed, so whatever is wrong with it only costs time. `version` is part of the name.
 */
export async function takeSeed(version: string, cacheDir = userCache(process.env, homedir())): Promise<Seed> {
  const path = join(cacheDir, `seed-${version}.gz`)
  try {
    return readSeed(path)
  } catch {
    // There is none yet, or it is damaged.
  }
  const seed = await makeSeed()
  try {
    writeSeed(path, seed)
  } catch {
    // The next store is made from nothing too.
  }
  return seed
}

function readSeed(path: string): Seed {
  // A damaged file fails here: gzip carries the checksum of what it holds.
  const content: unknown = deserialize(gunzipSync(readFileSync(path), { chunkSize: chunkBytes }))
  if (!Array.isArray(content) || !content.some((entry) => Array.isArray(entry) && entry[0] === '/PG_VERSION')) {
    throw new Error('not a seed')
  }
  return content
}

function writeSeed(path: string, seed: Seed): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const partial = `${path}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(partial, gzipSync(serialize(seed), { level: 1, chunkSize: chunkBytes }), { mode: 0o600 })
    renameSync(partial, path)
  } finally {
    rmSync(partial, { force: true })
  }
}

async function makeSeed(): Promise<Seed> {
  const pglite = await PGlite.create({ extensions, initDbStartParams: initDbParams })
  const { FS } = pglite.Module
  // Closing leaves the files in memory as a proper shutdown leaves them on disk.
  await pglite.close()
  return [...walk(FS, '')]
}

type EngineFiles = PGlite['Module']['FS']

function* walk(files: EngineFiles, folder: string): Generator<Seed[number]> {
  for (const name of files.readdir(`${PGlite.paths.PGDATA}${folder}`)) {
    if (name === '.' || name === '..') continue
    const path = `${folder}/${name}`
    const real = `${PGlite.paths.PGDATA}${path}`
    if (files.isDir(files.stat(real).mode)) {
      yield [path, undefined]
      yield* walk(files, path)
    } else yield [path, files.readFile(real)]
  }
}
