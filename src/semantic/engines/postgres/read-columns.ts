import { AquiferError } from '../../../core/errors.ts'
import { hint, nearest } from '../../../core/nearest.ts'
import type { Engine, SqlValue } from '../../engine.ts'

const limits = { rows: 10_000, bytes: 8 << 20, timeoutMs: 30_000 }

/** The first column of what a statement of ours finds. */
export async function catalogRun(run: Engine['run'], sql: string, values: readonly SqlValue[] = []): Promise<string[]> {
  const { rows } = await run({ sql, values }, { limits, tables: [] })
  return rows.map(([first]) => String(first))
}

/** `schema.table` as the model spells it, each part quoted. */
const quoted = (table: string): string =>
  table
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')

const tablesSql = `select case when $1 then n.nspname || '.' || c.relname else c.relname end
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    and ($1 or pg_table_is_visible(c.oid)) order by 1`

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
    const known = await catalogRun(run, tablesSql, [table.includes('.')])
    const named = nearest(table, known) === undefined ? known.slice(0, 20) : known
    throw new AquiferError(
      'METRIC_TABLE_UNKNOWN',
      `Connection ${connection}: there is no table ${table}${hint(table, named)}`,
      { cause: error },
    )
  }
}
