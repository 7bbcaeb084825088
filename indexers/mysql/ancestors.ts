import { AquiferError } from '../../src/core/errors.ts'
import type { Session } from './session.ts'
import type { Place } from '../../src/core/source-error.ts'
import { quoteName } from './sql.ts'

export interface TableId {
  readonly schema: string
  readonly name: string
}

/** A table whose changes reach into another by a foreign key. The storage engine makes them, and logs nothing of it. */
export interface Ancestor extends TableId {
  /** Columns that the other table refers to: whoever changes one of them changes rows there. */
  readonly columns: readonly string[]
  readonly onDelete: boolean
  readonly onUpdate: boolean
}

/** All of them, also those that reach a table by way of another. */
export async function findAncestors(session: Session, place: Place, table: TableId): Promise<readonly Ancestor[]> {
  const found: Ancestor[] = []
  const seen = new Set<string>()
  const next = [table]
  for (let each = next.pop(); each !== undefined; each = next.pop()) {
    if (seen.has(JSON.stringify(each))) continue
    seen.add(JSON.stringify(each))
    for (const parent of await readParents(session, place, each)) {
      found.push(parent)
      next.push({ schema: parent.schema, name: parent.name })
    }
  }
  return found
}

async function readParents(session: Session, place: Place, { schema, name }: TableId): Promise<readonly Ancestor[]> {
  const parent = { ...place, what: `${schema}.${name}, whose changes reach ${place.what} by a foreign key` }
  try {
    const [[, sql] = []] = await session.query(parent, `show create table ${quoteName(schema)}.${quoteName(name)}`)
    return parseReferences(String(sql), schema)
  } catch (error) {
    // A foreign key may name a table that is not there: nothing changes in it.
    if (error instanceof AquiferError && error.code === 'CURSOR_EXPIRED') return []
    throw error
  }
}

const quoted = '`((?:[^`]|``)+)`'
const reference = new RegExp(
  `FOREIGN KEY \\([^)]*\\) REFERENCES (?:${quoted}\\.)?${quoted} \\(([^)]*)\\)` +
    '(?: ON DELETE (CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION))?(?: ON UPDATE (CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION))?',
  'g',
)

/** What SHOW CREATE TABLE says of foreign keys that change rows by themselves. */
function parseReferences(sql: string, ownSchema: string): readonly Ancestor[] {
  return [...sql.matchAll(reference)].flatMap(([, schema, name = '', columns = '', deleted = '', updated = '']) => {
    const onDelete = acts(deleted)
    const onUpdate = acts(updated)
    if (!onDelete && !onUpdate) return []
    const names = [...columns.matchAll(new RegExp(quoted, 'g'))].map(([, column = '']) => unquote(column))
    return [{ schema: unquote(schema ?? ownSchema), name: unquote(name), columns: names, onDelete, onUpdate }]
  })
}

function acts(rule: string): boolean {
  return rule === 'CASCADE' || rule.startsWith('SET')
}

function unquote(name: string): string {
  return name.replaceAll('``', '`')
}
