import type { Statement } from '../../engine.ts'

const sql = `select case when $1 then n.nspname || '.' || c.relname else c.relname end
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    and ($1 or pg_table_is_visible(c.oid)) order by 1`

/** Asks for the names of all tables, with their schemas where `qualified`. */
export const tables = (qualified: boolean): Statement => ({ sql, values: [qualified] })
