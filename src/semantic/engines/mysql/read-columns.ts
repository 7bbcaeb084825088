import { AquiferError } from '../../../core/errors.ts'
import { hint, nearest } from '../../../core/nearest.ts'
import type { Engine } from '../../engine.ts'

const limits = { rows: 10_000, bytes: 8 << 20, timeoutMs: 30_000 }

/** `database.table` as the model spells it, each part quoted. */
const quoted = (table: string): string =>
  table
    .split('.')
    .map((part) => `\`${part.replaceAll('`', '``')}\``)
    .join('.')

const tablesSql = `select if(?, concat(table_schema, '.', table_name), table_name) from information_schema.tables
  where if(?, table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys'), table_schema = database())
  order by 1`

/** Columns of a table or view, METRIC_TABLE_UNKNOWN with the nearest name if there is none. */
export async function readColumns(
  table: string,
  connection: string,
  run: Engine['run'],
): ReturnType<Engine['columns']> {
  try {
    const { columns } = await run(
      { sql: `select * from ${quoted(table)} limit 0`, values: [] },
      { limits, tables: [table] },
    )
    return columns
  } catch (error) {
    if (!(error instanceof AquiferError) || error.code !== 'METRIC_TABLE_UNKNOWN') throw error
    const qualified = table.includes('.')
    const { rows } = await run({ sql: tablesSql, values: [qualified, qualified] }, { limits, tables: [] })
    const known = rows.map(([name]) => String(name))
    const named = nearest(table, known) === undefined ? known.slice(0, 20) : known
    throw new AquiferError(
      'METRIC_TABLE_UNKNOWN',
      `Connection ${connection}: there is no table ${table}${hint(table, named)}`,
      { cause: error },
    )
  }
}
