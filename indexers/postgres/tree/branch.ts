import { AquiferError } from '../../../src/core/errors.ts'
import { findColumn, meant } from '../../../src/core/find-column.ts'
import type { Part, Parts } from '../../../src/core/record-parts.ts'
import { invalidSource } from '../../../src/core/source-error.ts'
import type { Place } from '../../../src/core/source-error.ts'
import { findLink, titleOf } from '../../../src/core/table-links.ts'
import type { Link } from '../../../src/core/table-links.ts'
import { findTable, listTables } from '../catalog.ts'
import type { TableInfo } from '../catalog.ts'
import type { Column } from '../columns.ts'
import type { Run } from '../session.ts'
import { column } from '../sql.ts'
import { foreignKeys } from './foreign-keys.ts'
import { nameOf } from './name-of.ts'

/** Rows of another table that belong into each row of the one before it. */
export interface Branch extends Link<TableInfo> {
  readonly name: string
  readonly table: TableInfo
  readonly columns: readonly Column[]
  /** Whether it reads whatever columns the table has. */
  readonly isWhole: boolean
  /** What orders an array, before the key does. */
  readonly order: readonly { readonly column: string; readonly descending: boolean }[]
  /** Columns of a unique index of the table; none where it has none. */
  readonly key: readonly string[]
  readonly branches: readonly Branch[]
}

/** Looks at the tables that a source reads besides its own; SOURCE_INVALID or SOURCE_AUTH where they don't fit. */
export async function findBranches(
  run: Run,
  place: Place,
  { parent, columns, parts }: { parent: TableInfo; columns: readonly string[]; parts: Parts },
): Promise<readonly Branch[]> {
  const branches: Branch[] = []
  for (const [name, part] of Object.entries(parts)) {
    if (columns.includes(name)) {
      throw invalidSource(place, `${titleOf(parent)} has a column ${name} already`, {
        fix: 'Name it otherwise in `with`.',
      })
    }
    branches.push(await findBranch(run, place, { parent, name, part }))
  }
  return branches
}

async function findBranch(
  run: Run,
  place: Place,
  { parent, name, part }: { parent: TableInfo; name: string; part: Part },
): Promise<Branch> {
  const table = await findReadable(run, place, part.table)
  const { through: over } = part
  const through =
    over === undefined ? undefined : await findReadable(run, place, typeof over === 'string' ? over : over.table)
  const link = await findLink((left, right) => foreignKeys(run, left, right), place, { parent, table, through, part })
  if (link.as === 'object' && table.inherited) {
    throw invalidSource(
      place,
      `tables inherit from ${titleOf(table)}, so nothing keeps one row of it from being several`,
      {
        fix: 'Read a query instead.',
      },
    )
  }
  const at = { ...place, what: titleOf(table) }
  const known = table.columns.map((one) => ({ name: one, typeId: '' }))
  for (const one of part.columns ?? []) findColumn(at, one, known)
  const list = part.columns === undefined ? 't.*' : [...new Set(part.columns)].map((one) => column(one, 't')).join(', ')
  const { columns } = await run(`select ${list} from ${nameOf(table)} as t limit 0`)
  return {
    ...link,
    name,
    table,
    columns,
    isWhole: part.columns === undefined,
    order: orderOf(at, part.order, known),
    key: table.unique.find((index) => index.columns.every((one) => table.notNull.includes(one)))?.columns ?? [],
    branches: await findBranches(run, place, {
      parent: table,
      columns: columns.map((one) => one.name),
      parts: part.with ?? {},
    }),
  }
}

async function findReadable(run: Run, place: Place, text: string): Promise<TableInfo> {
  const table = await findTable(run, text)
  if (table === undefined) {
    throw invalidSource(place, `there is no table ${text}${meant(text, await listTables(run))}`)
  }
  if (table.kind !== 'r' && table.kind !== 'p') {
    throw invalidSource(place, `a record is made of tables, and ${text} is none`, {
      fix: 'Name the tables behind it, or read a query instead.',
    })
  }
  if (!table.readable) throw new AquiferError('SOURCE_AUTH', `${place.subject}: this user may not read ${text}`)
  return table
}

function orderOf(place: Place, declared: Part['order'], known: readonly Column[]): Branch['order'] {
  return (typeof declared === 'string' ? [declared] : (declared ?? [])).map((text) => {
    const [, name = text, direction = 'asc'] = /^(.*?)(?:\s+(asc|desc))?$/i.exec(text.trim()) ?? []
    return { column: findColumn(place, name, known).name, descending: direction.toLowerCase() === 'desc' }
  })
}
