import { AquiferError } from '../../../core/errors.ts'
import { hint, nearest } from '../../../core/nearest.ts'
import type { Engine } from '../../engine.ts'

/** `database.table` as the model spells it, each part quoted. */
const quoted = (table: string): string =>
  table
    .split('.')
    .map((part) => `"${part.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)
    .join('.')

const limits = { rows: 10_000, bytes: 8 << 20, timeoutMs: 30_000 }

const tablesSql = `select if({p1:Bool}, concat(database, '.', name), name) from system.tables
  where if({p1:Bool}, database not in ('system', 'INFORMATION_SCHEMA', 'information_schema'), database = currentDatabase())
  order by 1`

/** Columns of a table or view, METRIC_TABLE_UNKNOWN with the nearest name if there is none. */
export async function readColumns(
  table: string,
  connection: string,
  run: Engine['run'],
): ReturnType<Engine['columns']> {
  try {
    const sql = `select * from ${quoted(table)} limit 0`
    return (await run({ sql, values: [] }, { limits, tables: [] })).columns
  } catch (error) {
    if (!(error instanceof AquiferError) || error.code !== 'METRIC_TABLE_UNKNOWN') throw error
    const { rows } = await run({ sql: tablesSql, values: [table.includes('.')] }, { limits, tables: [] })
    const known = rows.map(([name]) => String(name))
    const named = nearest(table, known) === undefined ? known.slice(0, 20) : known
    throw new AquiferError(
      'METRIC_TABLE_UNKNOWN',
      `Connection ${connection}: there is no table ${table}${hint(table, named)}`,
      { cause: error },
    )
  }
}
