import type { Place } from '../../../src/core/source-error.ts'
import type { ForeignKey } from '../../../src/core/table-links.ts'
import type { Session } from '../session.ts'
import { textSql } from '../sql.ts'
import type { PartTable } from './branch.ts'

/** The foreign keys between two tables, whichever refers to the other, each once. */
export async function foreignKeys(
  session: Session,
  place: Place,
  left: PartTable,
  right: PartTable,
): Promise<readonly ForeignKey[]> {
  const found = [
    ...(await refersTo(session, place, left, right)),
    ...(left.id === right.id ? [] : await refersTo(session, place, right, left)),
  ]
  return [...new Map(found.map((key) => [JSON.stringify(key), key])).values()]
}

async function refersTo(
  session: Session,
  place: Place,
  from: PartTable,
  to: PartTable,
): Promise<readonly ForeignKey[]> {
  const rows = await session.query(
    place,
    `select constraint_name, column_name, referenced_column_name from information_schema.key_column_usage
      where table_schema = ${textSql(from.schema)} and table_name = ${textSql(from.name)}
        and referenced_table_schema = ${textSql(to.schema)} and referenced_table_name = ${textSql(to.name)}
      order by constraint_name, ordinal_position`,
  )
  const found = new Map<string, { columns: string[]; refers: string[] }>()
  for (const [name, column, referred] of rows) {
    const entry = found.get(String(name)) ?? { columns: [], refers: [] }
    entry.columns.push(nameIn(from, String(column)))
    entry.refers.push(nameIn(to, String(referred)))
    found.set(String(name), entry)
  }
  return [...found.values()].map((entry) => ({ from: from.id, to: to.id, ...entry }))
}

/** A foreign key may spell a column in another case than its table does. */
function nameIn({ columns }: PartTable, name: string): string {
  return columns.find((one) => one === name) ?? columns.find((one) => one.toLowerCase() === name.toLowerCase()) ?? name
}
