import { realpath, stat } from 'node:fs/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import pLimit from 'p-limit'

import { AquiferError } from '../../../core/errors.ts'
import { hint, nearest } from '../../../core/nearest.ts'
import { identifier, literal, type Database } from './database.ts'
import { toDuckdbError } from './engine-error.ts'
import { unreadable } from './folder.ts'
import { Refused } from '../../engine-words.ts'
import { keepStatements } from './kept-statements.ts'
import type { TableRef } from './read-statement.ts'
import { openReferences } from './references.ts'
import { watermarkOf, type Reading, type Source } from './source.ts'

interface DatabaseFileOptions {
  readonly name: string
  readonly path: string
  readonly openDatabase: (readable: readonly string[]) => Promise<Database>
}

interface State {
  readonly watermark: string
  /** Also tells one file from another that was put in its place. */
  readonly identity: string
}

interface Opened {
  /** The path without symbolic links. */
  readonly real: string
  readonly database: Database
  /** Attaches and detaches the file. */
  readonly control: DuckDBConnection
  attached: Attached | undefined
}

/** The file as statements see it at the same time. */
interface Attached {
  readonly alias: string
  readonly state: State
  users: number
  idle: NodeJS.Timeout | undefined
}

/** Statements that follow one another find it open; and still a writer has its turn between those of a busy server. */
const lingerMs = 50

/**
 * A database file of DuckDB, read-only. It is open only while statements run: whoever writes it needs it for himself.
 * Nothing here may open the file by other means meanwhile, because closing it would give up DuckDB's lock on it.
 */
export function openDatabaseFile({ name, path, openDatabase }: DatabaseFileOptions): Source {
  const references = openReferences()
  /** To detach a file gives up the lock on it, also for who attached it meanwhile: so one after the other. */
  const turn = pLimit(1)
  let opened: Opened | undefined
  /** What the file held when it was last looked into. */
  let held:
    | { readonly identity: string; readonly tables: readonly string[]; readonly views: readonly string[] }
    | undefined
  let aliases = 0

  async function use(): Promise<{ readonly from: Opened; readonly attached: Attached } | undefined> {
    const real = await realpath(path).catch((error: unknown) => {
      throw unreadable(error, name)
    })
    if (opened?.real !== real) {
      close()
      const database = await openDatabase([real, `${real}.wal`])
      opened = { real, database, control: await database.connect(), attached: undefined }
    }
    const from = opened
    const state = await stateOf(real, name)
    const old = from.attached
    if (old !== undefined && old.state.identity !== state.identity) await detach(from, old)
    const attached = from.attached ?? (await attach(from, state))
    from.attached = attached
    attached.users += 1
    clearTimeout(attached.idle)
    if ((await stateOf(real, name)).identity === state.identity) return { from, attached }
    leave(from, attached)
    return undefined
  }

  async function attach({ control, real }: Opened, state: State): Promise<Attached> {
    const alias = `aquifer_${String(++aliases)}`
    await control.run(`ATTACH ${literal(real)} AS ${alias} (READ_ONLY)`)
    if (held?.identity !== state.identity) {
      held = { identity: state.identity, ...(await tablesOf(control, alias)) }
    }
    return { alias, state, users: 0, idle: undefined }
  }

  function leave(from: Opened, left: Attached): void {
    left.users -= 1
    if (left.users > 0) return
    left.idle = setTimeout(() => {
      turn(() => detach(from, left)).catch(() => close(from))
    }, lingerMs).unref()
  }

  /** Where a statement still runs, nobody finds it any more, and it is detached after that one. */
  async function detach(from: Opened, left: Attached): Promise<void> {
    if (from.attached === left) from.attached = undefined
    if (left.users > 0 || opened !== from) return
    clearTimeout(left.idle)
    await from.control.run(`DETACH ${left.alias}`)
  }

  /** Statements that still run there go on. */
  function close(which = opened): void {
    if (which === undefined || which !== opened) return
    opened = undefined
    clearTimeout(which.attached?.idle)
    which.control.closeSync()
    which.database[Symbol.dispose]()
  }

  async function read(sql: string): Promise<Reading | undefined> {
    const used = await turn(use).catch((error: unknown) => {
      throw toDuckdbError(error, name)
    })
    if (used === undefined) return undefined
    const { from, attached } = used
    const { state, alias } = attached
    const connection = await from.database.connect()
    const statements = keepStatements(connection)
    const release = (): void => {
      statements[Symbol.dispose]()
      connection.closeSync()
      leave(from, attached)
    }
    try {
      checkTables(await references.of(connection, sql), held?.tables ?? [])
      await connection.run(`USE ${alias}`)
    } catch (error) {
      release()
      throw error instanceof Refused ? error : toDuckdbError(error, name)
    }
    return {
      connection,
      statements,
      files: [{ path: 'its file', local: from.real }],
      watermark: state.watermark,
      isCurrent: async () => (await stateOf(from.real, name)).identity === state.identity,
      release: (outcome) => {
        release()
        if (outcome === 'broken') close(from)
        return Promise.resolve()
      },
    }
  }

  function checkTables(refs: readonly TableRef[], tables: readonly string[]): void {
    const known = new Set(tables.map((table) => table.toLowerCase()))
    for (const { schema, table } of refs) {
      if (known.has(`${schema === '' ? 'main' : schema}.${table}`.toLowerCase())) continue
      const written = schema === '' ? table : `${schema}.${table}`
      const names = tables.map((one) => (schema === '' ? one.replace(/^main\./, '') : one))
      const shown = nearest(written, names) === undefined ? names.slice(0, 20) : names
      const message = `Connection ${name}: there is no table ${written}${hint(written, shown)}`
      throw new AquiferError('METRIC_TABLE_UNKNOWN', message)
    }
  }

  return {
    read,
    check: async () => {
      const reading = await read('SELECT 1')
      await reading?.release('well')
      return []
    },
    hasViews: async (tables) => {
      const reading = await read('SELECT 1')
      await reading?.release('well')
      const views = new Set(held?.views.map((view) => view.toLowerCase()))
      // What changes at this very moment is not the same either way.
      return reading === undefined || tables.some((table) => views.has(whole(table)))
    },
    quote: (table) => table.split('.').map(identifier).join('.'),
    [Symbol.asyncDispose]: () => turn(() => close()),
  }
}

const whole = (table: string): string => (table.includes('.') ? table : `main.${table}`).toLowerCase()

async function stateOf(real: string, connection: string): Promise<State> {
  const [file, wal] = await Promise.all([
    stat(real, { bigint: true }).catch((error: unknown) => {
      throw unreadable(error, connection)
    }),
    stat(`${real}.wal`, { bigint: true }).catch(() => undefined),
  ])
  const stamp = `${String(file.size)}:${String(file.mtimeNs)}`
  const walStamp = wal === undefined ? '' : `${String(wal.size)}:${String(wal.mtimeNs)}`
  const watermark = watermarkOf([
    ['', stamp],
    ['.wal', walStamp],
  ])
  return { watermark, identity: [stamp, walStamp, file.dev, file.ino, wal?.ino ?? ''].join(':') }
}

/** With their schemas; views are tables too. */
async function tablesOf(
  connection: DuckDBConnection,
  alias: string,
): Promise<{ readonly tables: readonly string[]; readonly views: readonly string[] }> {
  const found = await connection.runAndReadAll(
    `SELECT schema_name || '.' || table_name, false FROM duckdb_tables() WHERE database_name = '${alias}'
     UNION ALL SELECT schema_name || '.' || view_name, true FROM duckdb_views()
     WHERE database_name = '${alias}' AND NOT internal`,
  )
  const rows = found.getRows().map(([name, isView]) => ({ name: String(name), isView: isView === true }))
  return {
    tables: rows.map(({ name }) => name),
    views: rows.flatMap(({ name, isView }) => (isView ? [name] : [])),
  }
}
