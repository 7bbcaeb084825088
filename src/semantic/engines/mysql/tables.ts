import type { Engine, SqlValue, Statement } from '../../engine.ts'
import { readCatalog } from '../../engine-catalog.ts'

const sql = `select if(?, concat(table_schema, '.', table_name), table_name) from information_schema.tables
  where if(?, table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys'), table_schema = database())
  order by 1`

/** Asks for the names of all tables, with their schemas where `qualified`. */
export const tables = (qualified: boolean): Statement => ({ sql, values: [qualified, qualified] })

/** Whether any of these is a view. */
export async function hasViews(run: Engine['run'], names: readonly string[]): Promise<boolean> {
  const values: SqlValue[] = []
  const pairs = names.map((name) => {
    const [, schema, table = name] = /^([^.]*)\.(.*)$/s.exec(name) ?? []
    values.push(...(schema === undefined ? [table] : [schema, table]))
    return schema === undefined ? '(database(), ?)' : '(?, ?)'
  })
  if (pairs.length === 0) return false
  const stored = `select count(*) from information_schema.tables
    where table_type = 'BASE TABLE' and (table_schema, table_name) in (${pairs.join(', ')})`
  const [count] = await readCatalog(run, { sql: stored, values })
  return Number(count) < names.length
}
