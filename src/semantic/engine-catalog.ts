import { AquiferError } from '../core/errors.ts'
import { hint, nearest } from '../core/nearest.ts'
import { dialects } from './dialects/index.ts'
import type { DialectName, Engine, Statement } from './engine.ts'

const limits = { rows: 10_000, bytes: 8 << 20, timeoutMs: 30_000 }

/** Tables as the models name them, quoted, as JSON. */
export const quotedTables = (dialect: DialectName, tables: readonly string[]): string =>
  JSON.stringify(tables.map((table) => dialects[dialect].table(table)))

/** The first column of what a statement of ours finds in the database's catalog. */
export async function readCatalog(run: Engine['run'], statement: Statement): Promise<readonly string[]> {
  const { rows } = await run(statement, { limits, tables: [] })
  return rows.map(([first]) => String(first))
}

export interface ColumnsReader {
  readonly connection: string
  readonly run: Engine['run']
  readonly dialect: DialectName
  /** Lists all tables by name, with their schemas where `qualified`. */
  readonly tables: (qualified: boolean) => Statement
}

/** Columns of a table or view, METRIC_TABLE_UNKNOWN with the nearest name if there is none. */
export async function readColumns(
  table: string,
  { connection, run, dialect, tables }: ColumnsReader,
): ReturnType<Engine['columns']> {
  const sql = `select * from ${dialects[dialect].table(table)} limit 0`
  try {
    return (await run({ sql, values: [] }, { limits, tables: [table] })).columns
  } catch (error) {
    if (!(error instanceof AquiferError) || error.code !== 'METRIC_TABLE_UNKNOWN') throw error
    const known = await readCatalog(run, tables(table.includes('.')))
    const named = nearest(table, known) === undefined ? known.slice(0, 20) : known
    throw new AquiferError(
      'METRIC_TABLE_UNKNOWN',
      `Connection ${connection}: there is no table ${table}${hint(table, named)}`,
      { cause: error },
    )
  }
}
