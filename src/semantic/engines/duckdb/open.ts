import { open as openFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit from 'p-limit'

import { AquiferError } from '../../../core/errors.ts'
import { withDeadline } from '../../engine-deadline.ts'
import type { EngineOptions } from '../../engine-type.ts'
import type { Engine, EngineResult } from '../../engine.ts'
import type { DuckDbConnection } from './config.ts'
import { openDatabase, type Database } from './database.ts'
import { openDatabaseFile } from './database-file.ts'
import { isFatal, toDuckdbError } from './engine-error.ts'
import { fileKind } from './file-kind.ts'
import type { FileStore } from './file-store.ts'
import { openFilesSource } from './files-source.ts'
import { openFolder, unreadable } from './folder.ts'
import { openProcessFolder } from './process-folder.ts'
import { runStatement, type Work } from './run-statement.ts'
import type { Source } from './source.ts'

/** A statement holds one of the four threads that Node has for files and names. */
const slots = pLimit(3)
const lookLimits = { rows: 1, bytes: 1000, timeoutMs: 30_000 }

export async function openDuckDb({ name, options, dir, log }: EngineOptions<DuckDbConnection>): Promise<Engine> {
  const folder = join(dir, 'engines', name)
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()
  const disposables = new AsyncDisposableStack()
  let opened: Promise<Source> | undefined
  let spillFolder: Promise<string | undefined> | undefined

  async function makeSpillFolder(): Promise<string | undefined> {
    try {
      return disposables.use(await openProcessFolder(join(folder, 'spill'))).path
    } catch (error) {
      log.warn({ connection: name, err: error }, 'statements have to do with memory: no folder to spill to can be made')
      return undefined
    }
  }

  async function databaseFor(readable: readonly string[]): Promise<Database> {
    const { memory, spill, threads } = options
    return openDatabase({ memory, spill, threads, readable, spillFolder: await (spillFolder ??= makeSpillFolder()) })
  }

  async function openSource(): Promise<Source> {
    if ('path' in options && (await isDatabaseFile(options.path, name))) {
      return openDatabaseFile({ name, path: options.path, openDatabase: databaseFor })
    }
    const nulls = typeof options.nulls === 'string' ? [options.nulls] : options.nulls
    return openFilesSource({
      name,
      nulls,
      tables: options.tables,
      store: await openStore(),
      openDatabase: databaseFor,
      closing: closing.signal,
    })
  }

  async function openStore(): Promise<FileStore> {
    if ('path' in options) return openFolder(options.path, name)
    const { openBucket } = await import('./bucket.ts')
    return openBucket({ name, bucket: options.s3, folder })
  }

  async function source(): Promise<Source> {
    opened ??= openSource()
    opened.catch(() => (opened = undefined))
    return opened
  }

  /** Once more where the data changed under the statement. */
  async function attempt(work: Work, fresh = false): Promise<EngineResult> {
    const { signal } = work
    signal.throwIfAborted()
    const reading = await (await source()).read(work.statement.sql, { fresh, signal })
    if (reading !== undefined) {
      let broken = false
      try {
        const result = await runStatement(reading, work)
        if (await reading.isCurrent()) return { ...result, watermark: reading.watermark }
      } catch (error) {
        signal.throwIfAborted()
        broken = isFatal(error)
        if (await reading.isCurrent()) throw toDuckdbError(error, name, reading.files)
      } finally {
        await reading.release(broken ? 'broken' : 'well')
      }
    }
    if (!fresh) return attempt(work, true)
    throw new AquiferError('METRIC_DATA_CHANGING', `Connection ${name}: its files were written while they were read`)
  }

  async function guarded<T>(
    limits: Work['limits'],
    signal: AbortSignal | undefined,
    work: (stop: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      return await withDeadline(name, { limits, signal }, (stop) => {
        const either = AbortSignal.any([stop, closing.signal])
        const run = slots(() => work(either))
        running.add(run)
        return run.finally(() => running.delete(run))
      })
    } catch (error) {
      throw toDuckdbError(error, name)
    }
  }

  const run: Engine['run'] = (statement, { limits, signal }) =>
    guarded(limits, signal, (stop) => attempt({ statement, limits, signal: stop }))

  return {
    dialect: 'duckdb',
    run,
    columns: async (table) => {
      const sql = `SELECT * FROM ${(await source()).quote(table)} LIMIT 0`
      return (await run({ sql, values: [] }, { limits: lookLimits, tables: [table] })).columns
    },
    hasViews: async (tables) => (await (await source()).hasViews?.(tables)) ?? false,
    zones: () => Promise.resolve(true),
    check: () => guarded(lookLimits, undefined, async (stop) => (await source()).check(stop)),
    [Symbol.asyncDispose]: async () => {
      closing.abort(new AquiferError('CANCELLED', `Connection ${name} was closed.`, { fix: 'Ask again.' }))
      await Promise.allSettled(running)
      const last = await opened?.catch(() => undefined)
      await last?.[Symbol.asyncDispose]()
      await disposables.disposeAsync()
    },
  }
}

/** By its ending, else by its first bytes. */
async function isDatabaseFile(path: string, connection: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(error, connection)
  })
  if (!found.isFile() || fileKind(path) !== undefined) return false
  if (/\.(?:duckdb|ddb|db)$/i.test(path)) return true
  const file = await openFile(path).catch((error: unknown) => {
    throw unreadable(error, connection)
  })
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 8)
    if (buffer.toString('latin1') === 'DUCK') return true
  } finally {
    await file.close()
  }
  throw new AquiferError(
    'METRIC_DATA_INVALID',
    `Connection ${connection}: its path is neither a folder nor a file of data`,
    {
      fix: 'Name a folder, a Parquet, CSV or JSON file, or a database file of DuckDB.',
    },
  )
}
