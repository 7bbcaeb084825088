import { column, type Sql } from '../sql/sql.ts'

const plainColumn = /^[a-z_][a-z0-9_]*$/
const notColumns = new Set(['true', 'false', 'null', 'current_date', 'current_timestamp', 'now'])

/** A lower-case name is a column, also where it is a word of SQL's (`user`); anything else is the database's own SQL. */
export function expressionOf(expression: string): Sql {
  const text = expression.trim()
  return plainColumn.test(text) && !notColumns.has(text) ? column(text) : { kind: 'native', sql: text }
}
