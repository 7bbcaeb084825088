import type { Statement } from '../../engine.ts'

const sql = `select if({p1:Bool}, concat(database, '.', name), name) from system.tables
  where if({p1:Bool}, database not in ('system', 'INFORMATION_SCHEMA', 'information_schema'), database = currentDatabase())
  order by 1`

/** Asks for the names of all tables, with their schemas where `qualified`. */
export const tables = (qualified: boolean): Statement => ({ sql, values: [qualified] })
