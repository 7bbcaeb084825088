import type { Engine, Statement } from '../../engine.ts'
import { quotedTables, readCatalog } from '../../engine-catalog.ts'

const sql = `select case when $1 then n.nspname || '.' || c.relname else c.relname end
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    and ($1 or pg_table_is_visible(c.oid)) order by 1`

/** Asks for the names of all tables, with their schemas where `qualified`. */
export const tables = (qualified: boolean): Statement => ({ sql, values: [qualified] })

const viewsSql = `select 1 from json_array_elements_text(cast($1 as json)) as named (name)
  left join pg_class c on c.oid = to_regclass(named.name)
  where c.relkind is null or c.relkind not in ('r', 'p', 'm') limit 1`

/** Whether any of these is a view or a foreign table. */
export async function hasViews(run: Engine['run'], names: readonly string[]): Promise<boolean> {
  return (await readCatalog(run, { sql: viewsSql, values: [quotedTables('postgres', names)] })).length > 0
}
