import { z } from 'zod'
import type { Run } from './session.ts'
import { parseTableName } from './table-name.ts'

const Index = z.object({ columns: z.array(z.string()), primary: z.boolean() })

const TableInfo = z.object({
  /** Object id. */
  id: z.string(),
  schema: z.string(),
  name: z.string(),
  /** pg_class.relkind: r table, p partitioned, v view, m materialized view, f foreign table. */
  kind: z.string(),
  columns: z.array(z.string()),
  /** Whether this user may read at least one of its columns. */
  readable: z.boolean(),
  notNull: z.array(z.string()),
  /** Whole, valid, unique indexes on columns alone; the primary key first. */
  unique: z.array(Index),
  /** Every table that holds rows of it, by object id. */
  parts: z.array(z.object({ id: z.string(), heap: z.boolean(), foreign: z.boolean() })),
  /** Whether tables other than its partitions inherit from it: no index of its own covers those. */
  inherited: z.boolean(),
})
export type TableInfo = z.infer<typeof TableInfo>

const tableSql = `with recursive tree as (
    select c.oid, c.relkind, c.relam from pg_class c where c.oid = $1::oid
    union all
    select c.oid, c.relkind, c.relam from tree t join pg_inherits i on i.inhparent = t.oid join pg_class c on c.oid = i.inhrelid
  )
  select json_build_object(
    'id', c.oid::text, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
    'columns', (select coalesce(json_agg(attname order by attnum), '[]') from pg_attribute
      where attrelid = c.oid and attnum > 0 and not attisdropped),
    'readable', has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select'),
    'notNull', (select coalesce(json_agg(attname), '[]') from pg_attribute
      where attrelid = c.oid and attnum > 0 and not attisdropped and attnotnull),
    'unique', (select coalesce(json_agg(json_build_object('primary', i.indisprimary, 'columns', (
        select json_agg(a.attname order by k.place) from unnest(i.indkey::int2[]) with ordinality k (attnum, place)
          join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum where k.place <= i.indnkeyatts))
        order by i.indisprimary desc, i.indexrelid), '[]')
      from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null),
    'parts', (select coalesce(json_agg(json_build_object('id', t.oid::text, 'foreign', t.relkind = 'f', 'heap', t.relkind in ('r', 'm')
        and exists (select from pg_am where pg_am.oid = t.relam and amname = 'heap')) order by t.oid), '[]')
      from tree t where t.relkind in ('r', 'm', 'f')),
    'inherited', c.relkind = 'r' and exists (select from pg_inherits where inhparent = c.oid)
  )::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $1::oid`

const idSql = `select c.oid::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relname = any(array[$1::text, $2::text])
    and n.nspname = any(case when $3::text = '' then current_schemas(false)::text[] else array[$3::text, $4::text] end)
  order by n.nspname <> $3, array_position(current_schemas(false), n.nspname), c.relname <> $1 limit 1`

/** The table or view of this name, exactly or in lower case; undefined when there is none. */
export async function findTable(run: Run, text: string): Promise<TableInfo | undefined> {
  const name = parseTableName(text)
  if (name === undefined) return undefined
  const [exact = '', folded = exact] = name.names
  const [schema = '', foldedSchema = schema] = name.schemas ?? []
  const id = (await run(idSql, [exact, folded, schema, foldedSchema])).rows[0]?.[0]
  if (typeof id !== 'string') return undefined
  const row = (await run(tableSql, [id])).rows[0]
  return row === undefined ? undefined : TableInfo.parse(JSON.parse(row[0] ?? 'null'))
}

/** Names of the tables and views that this user may read, as the configuration would write them. */
export async function listTables(run: Run): Promise<readonly string[]> {
  const { rows } =
    await run(`select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') order by 1 limit 5000`)
  return rows.map(([name]) => name ?? '')
}
