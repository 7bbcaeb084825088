import type { Engine } from '../../engine.ts'
import { readCatalog } from '../../engine-catalog.ts'

/** Each row names a right that nobody who only reads needs. */
export const dangerousRightsSql = `select r.what from (values
    ('is a superuser', (select rolsuper from pg_roles where rolname = current_user)),
    ('may read files of the server', pg_has_role(current_user, 'pg_read_server_files', 'usage')),
    ('may write files of the server', pg_has_role(current_user, 'pg_write_server_files', 'usage')),
    ('may run programs on the server', pg_has_role(current_user, 'pg_execute_server_program', 'usage'))
  ) as r (what, so) where r.so`

const writingRightsSql = `select 'may write to tables' where exists (
  select from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    and has_table_privilege(c.oid, 'insert, update, delete, truncate'))`

export const roleAdvice =
  'Metrics should be read by a role that can do nothing else, though nothing is ever written: ' +
  "CREATE ROLE aquifer_reader LOGIN PASSWORD '…'; GRANT pg_read_all_data TO aquifer_reader;"

/** What is to be said of the user of this connection; nothing if it may only read. */
export async function checkRole(connection: string, run: Engine['run']): Promise<readonly string[]> {
  const rights = await readCatalog(run, { sql: `${dangerousRightsSql} union all ${writingRightsSql}`, values: [] })
  if (rights.length === 0) return []
  return [`Connection ${connection}: its user ${rights.join(', ')}. ${roleAdvice}`]
}
