import { z } from 'zod'
import type { ForeignKey } from '../../../src/core/table-links.ts'
import type { TableInfo } from '../catalog.ts'
import type { Run } from '../session.ts'

const ForeignKeyRow = z.object({
  from: z.string(),
  to: z.string(),
  columns: z.array(z.string()),
  refers: z.array(z.string()),
})

const namesSql = (table: string, numbers: string): string => `(select json_agg(a.attname order by k.place)
    from unnest(${numbers}) with ordinality k (attnum, place) join pg_attribute a on a.attrelid = ${table} and a.attnum = k.attnum)`

const foreignKeysSql = `select distinct json_build_object('from', conrelid::text, 'to', confrelid::text,
    'columns', ${namesSql('conrelid', 'conkey')}, 'refers', ${namesSql('confrelid', 'confkey')})::text
  from pg_constraint where contype = 'f'
    and ((conrelid = $1::oid and confrelid = $2::oid) or (conrelid = $2::oid and confrelid = $1::oid)) order by 1`

/** The foreign keys between two tables, whichever refers to the other. */
export async function foreignKeys(run: Run, left: TableInfo, right: TableInfo): Promise<readonly ForeignKey[]> {
  const { rows } = await run(foreignKeysSql, [left.id, right.id])
  return rows.map(([text]) => ForeignKeyRow.parse(JSON.parse(text ?? '')))
}
