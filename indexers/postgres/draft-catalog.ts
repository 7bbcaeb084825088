import { DraftTable } from '../../src/core/draft-table.ts'
import type { Run } from './session.ts'

const columnsSql = `select json_agg(json_build_object('name', a.attname, 'category', b.typcategory, 'type', b.typname,
      'itemCategory', i.typcategory, 'maxLength', case when b.typname in ('varchar', 'bpchar') and a.atttypmod > 4 then a.atttypmod - 4 end,
      'notNull', a.attnotnull, 'comment', col_description(c.oid, a.attnum), 'width', s.width, 'distinct', s.n) order by a.attnum)
    from pg_attribute a join pg_type t on t.oid = a.atttypid
      join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
      left join pg_type i on i.oid = b.typelem and b.typcategory = 'A'
      left join lateral (select max(avg_width) as width, max(n_distinct) as n from pg_stats s
        where s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname) s on true
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`

const referencesSql = `select json_agg(json_build_object('table', fn.nspname || '.' || f.relname, 'columns',
      (select json_agg(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum = any(k.conkey))) order by k.conname)
    from pg_constraint k join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
    where k.conrelid = c.oid and k.contype = 'f'`

const attribute = (number: string): string =>
  `(select attname from pg_attribute where attrelid = c.oid and attnum = ${number})`

const tablesSql = `select json_build_object('schema', n.nspname, 'name', c.relname, 'rows', c.reltuples,
    'comment', obj_description(c.oid, 'pg_class'),
    'key', coalesce((select json_agg(${attribute('k.n')} order by k.place) from pg_index i,
      unnest(i.indkey::int2[]) with ordinality k (n, place) where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts), '[]'),
    'columns', coalesce((${columnsSql}), '[]'), 'references', coalesce((${referencesSql}), '[]'),
    'indexed', coalesce((select json_agg(distinct ${attribute('i.indkey[0]')}) from pg_index i
      where i.indrelid = c.oid and i.indisvalid and i.indpred is null and i.indkey[0] > 0), '[]'))::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (select from pg_inherits where inhrelid = c.oid)
    and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e')
    and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
  order by n.nspname, c.relname`

/** The tables that people made and this user may read; partitions and what extensions brought are left out. */
export async function listDraftTables(run: Run): Promise<readonly DraftTable[]> {
  const { rows } = await run(tablesSql)
  return rows.map(([json]) => DraftTable.parse(JSON.parse(json ?? 'null')))
}
