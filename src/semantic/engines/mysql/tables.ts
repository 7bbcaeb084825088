import type { Statement } from '../../engine.ts'

const sql = `select if(?, concat(table_schema, '.', table_name), table_name) from information_schema.tables
  where if(?, table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys'), table_schema = database())
  order by 1`

/** Asks for the names of all tables, with their schemas where `qualified`. */
export const tables = (qualified: boolean): Statement => ({ sql, values: [qualified, qualified] })
