import pLimit from 'p-limit'
import { AquiferError } from '../../../core/errors.ts'
import { either, withDeadline } from '../../engine-deadline.ts'
import type { EngineOptions } from '../../engine-type.ts'
import type { Engine, EngineResult } from '../../engine.ts'
import { readColumns } from '../../engine-catalog.ts'
import { toPostgresError } from './engine-error.ts'
import type { PgliteConnection } from './pglite.ts'
import { lockFolder, type FolderLock } from './pglite-folder.ts'
import { startThread, type Thread } from './pglite-thread.ts'
import type { Work } from './run-statement.ts'
import { hasViews, tables } from './tables.ts'

/** Postgres embedded in a thread of this process. Its folder is locked from the first statement until it is closed. */
export async function openPglite({ name, options }: EngineOptions<PgliteConnection>): Promise<Engine> {
  const { path } = options
  const slot = pLimit(1)
  const closing = new AbortController()
  let lock: FolderLock | undefined
  let thread: Promise<Thread> | undefined
  let ending: Promise<void> | undefined

  async function ready(): Promise<Thread> {
    const current = await thread?.catch(() => undefined)
    if (current?.gone === false) return current
    // Never two engines on the same files, not even while one is ending.
    await ending
    lock ??= lockFolder(name, path)
    thread = startThread({ path }).catch((cause: unknown) => {
      throw new AquiferError(
        'METRIC_ENGINE_UNREACHABLE',
        `Connection ${name}: the database in ${path} cannot be opened.`,
        {
          cause,
          fix: 'Open it with PGlite itself to see what is wrong, or restore the folder from a backup.',
        },
      )
    })
    return thread
  }

  async function attempt({ statement, limits, signal }: Work): Promise<EngineResult> {
    signal.throwIfAborted()
    const opened = await ready()
    signal.throwIfAborted()
    const stop = (): void => {
      ending = opened.terminate()
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await opened.run({ statement, limits })
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  const run: Engine['run'] = async (statement, { limits, tables, signal }) => {
    try {
      return await withDeadline(name, { limits, signal: either(signal, closing.signal) }, (stop) =>
        slot(() => attempt({ statement, limits, signal: stop })),
      )
    } catch (error) {
      throw toPostgresError(error, { connection: name, sql: statement.sql, tables, timeoutMs: limits.timeoutMs })
    }
  }

  return {
    dialect: 'postgres',
    run,
    columns: (table) => readColumns(table, { connection: name, run, dialect: 'postgres', tables }),
    hasViews: (names) => hasViews(run, names),
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      const opened = await thread?.catch(() => undefined)
      thread = undefined
      await ending
      await opened?.close()
      lock?.[Symbol.dispose]()
      lock = undefined
    },
  }
}
