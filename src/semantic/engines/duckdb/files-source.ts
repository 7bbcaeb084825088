import type { DuckDBConnection } from '@duckdb/node-api'

import { AquiferError } from '../../../core/errors.ts'
import { identifier, interruptible, type Database } from './database.ts'
import { toDuckdbError } from './engine-error.ts'
import type { FileStore, Listing, TakenFile } from './file-store.ts'
import { fileTables, type FileSet, type FileTables } from './file-tables.ts'
import type { TableRef } from './read-statement.ts'
import { keepStatements, type KeptStatements } from './kept-statements.ts'
import { openReferences } from './references.ts'
import { watermarkOf, type Reading, type Source } from './source.ts'
import { tableSql, type TableSql } from './table-sql.ts'

interface FilesOptions {
  readonly name: string
  readonly store: FileStore
  readonly tables: Readonly<Record<string, string>>
  readonly nulls: readonly string[]
  /** A database that may read these folders. */
  readonly openDatabase: (readable: readonly string[]) => Promise<Database>
  readonly closing: AbortSignal
}

/** A connection with a catalog of views of its own, which are those of the statement that uses it. */
interface Session {
  readonly connection: DuckDBConnection
  readonly catalog: string
  readonly statements: KeptStatements
  /** What each view was made of, by its name in SQL. */
  readonly views: Map<string, string>
}

interface Opened {
  readonly database: Database
  readonly sql: TableSql
  readonly idle: Session[]
}

interface Table {
  readonly ref: TableRef
  readonly set: FileSet
}

/** Files as tables: each table that a statement names is a view of the files that are there when it runs. */
export function openFilesSource(options: FilesOptions): Source {
  const { name, store, closing } = options
  const shapes = tableSql({ connection: name, nulls: options.nulls, closing })
  const references = openReferences()
  let opened: { readonly key: string; readonly promise: Promise<Opened> } | undefined
  let named: { readonly listing: Listing; readonly tables: FileTables } | undefined
  let sessions = 0

  function openedFor({ folders }: Listing): Promise<Opened> {
    const key = folders.join('\n')
    if (opened?.key === key) return opened.promise
    void opened?.promise.then(close, () => {})
    const promise = options
      .openDatabase(folders)
      .then((database): Opened => ({ database, sql: shapes.in(database), idle: [] }))
    const next = (opened = { key, promise })
    promise.catch(() => {
      if (opened === next) opened = undefined
    })
    return promise
  }

  /** Sessions that are still in use close when they are released. */
  function close({ idle, database }: Opened): void {
    for (const session of idle.splice(0)) closeSession(session)
    database[Symbol.dispose]()
  }

  async function takeSession({ database, idle }: Opened): Promise<Session> {
    const session = idle.pop()
    if (session !== undefined) return session
    const connection = await database.connect()
    const catalog = `aquifer_${String(++sessions)}`
    await connection.run(`ATTACH ':memory:' AS ${catalog}`)
    await connection.run(`USE ${catalog}`)
    return { connection, catalog, statements: keepStatements(connection), views: new Map() }
  }

  async function giveBack(session: Session, from: Opened, outcome: 'well' | 'broken'): Promise<void> {
    const isOpen = (await opened?.promise.catch(() => undefined)) === from
    if (outcome === 'well' && isOpen) {
      from.idle.push(session)
      return
    }
    closeSession(session)
    if (outcome === 'well' || !isOpen) return
    opened = undefined
    close(from)
  }

  function tablesOf(listing: Listing): FileTables {
    if (named?.listing !== listing) {
      named = { listing, tables: fileTables(listing.paths, { connection: name, tables: options.tables }) }
    }
    return named.tables
  }

  function resolve(refs: readonly TableRef[], listing: Listing): readonly Table[] {
    const tables = tablesOf(listing)
    return refs.map((ref) => ({ ref, set: tables.find(ref.schema === '' ? ref.table : `${ref.schema}.${ref.table}`) }))
  }

  async function read(sql: string, look: { fresh: boolean; signal: AbortSignal }): Promise<Reading | undefined> {
    const listing = await store.list(look)
    const from = await openedFor(listing)
    const session = await takeSession(from)
    try {
      const refs = await references.of(session.connection, sql)
      const tables = resolve(refs, listing)
      const taken = await store.take([...new Set(tables.flatMap(({ set }) => set.paths))], look.signal)
      if (taken === undefined) {
        await giveBack(session, from, 'well')
        return undefined
      }
      try {
        await interruptible(session.connection, look.signal, () => makeViews(session, from.sql, tables, taken.files))
      } catch (error) {
        const current = await taken.isCurrent()
        taken[Symbol.dispose]()
        if (current) throw toDuckdbError(error, name, taken.files)
        await giveBack(session, from, 'well')
        return undefined
      }
      return {
        connection: session.connection,
        statements: session.statements,
        files: taken.files,
        watermark: watermarkOf(taken.files.map(({ path, stamp }) => [path, stamp])),
        isCurrent: () => taken.isCurrent(),
        release: async (outcome) => {
          taken[Symbol.dispose]()
          await giveBack(session, from, outcome)
        },
      }
    } catch (error) {
      await giveBack(session, from, 'well')
      // A table may have come since its folder was looked at.
      const isUnknown = error instanceof AquiferError && error.code === 'METRIC_TABLE_UNKNOWN'
      if (isUnknown && !look.fresh) return read(sql, { ...look, fresh: true })
      throw error
    }
  }

  return {
    read,
    check: async (signal) => {
      const listing = await store.list({ fresh: true, signal })
      for (const table of Object.keys(options.tables)) tablesOf(listing).find(table)
      return listing.paths.length > 0 ? [] : [`Connection ${name}: there is no Parquet, CSV or JSON file in it.`]
    },
    quote: identifier,
    [Symbol.asyncDispose]: async () => {
      await opened?.promise.then(close, () => {})
      opened = undefined
      await store[Symbol.asyncDispose]()
    },
  }
}

function closeSession({ connection, statements }: Session): void {
  statements[Symbol.dispose]()
  connection.closeSync()
}

async function makeViews(
  { connection, catalog, views, statements }: Session,
  sql: TableSql,
  tables: readonly Table[],
  files: readonly TakenFile[],
): Promise<void> {
  const byPath = new Map(files.map((file) => [file.path, file]))
  for (const { ref, set } of tables) {
    const own = set.paths.flatMap((path) => byPath.get(path) ?? [])
    const query = await sql.of(set, own)
    const schema = ref.schema === '' ? 'main' : ref.schema
    const view = `${identifier(schema)}.${identifier(ref.table)}`
    const made = JSON.stringify([query, own.map(({ stamp }) => stamp)])
    if (views.get(view.toLowerCase()) === made) continue
    statements.forget()
    if (schema !== 'main') await connection.run(`CREATE SCHEMA IF NOT EXISTS ${catalog}.${identifier(schema)}`)
    await connection.run(`CREATE OR REPLACE VIEW ${catalog}.${view} AS ${query}`)
    views.set(view.toLowerCase(), made)
  }
}
