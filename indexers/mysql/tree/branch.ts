import { findColumn } from '../../../src/core/find-column.ts'
import type { Part, Parts } from '../../../src/core/record-parts.ts'
import { invalidSource } from '../../../src/core/source-error.ts'
import type { Place } from '../../../src/core/source-error.ts'
import { findLink, titleOf } from '../../../src/core/table-links.ts'
import type { Hop, Link, Linkable } from '../../../src/core/table-links.ts'
import type { Ancestor } from '../ancestors.ts'
import type { Column } from '../columns.ts'
import { quoteName } from '../sql.ts'
import type { Context } from '../table.ts'
import { foreignKeys } from './foreign-keys.ts'
import { linkColumn } from './link-column.ts'

/** A table as the way to it and its rows are read. */
export interface PartTable extends Linkable {
  /** All columns, also those that `select *` leaves out. */
  readonly described: readonly Column[]
  readonly ancestors: readonly Ancestor[]
}

/** Rows of another table that belong into each row of the one before it. */
export interface Branch extends Link<PartTable> {
  readonly name: string
  readonly table: PartTable
  readonly columns: readonly Column[]
  /** What orders an array, before the key does. */
  readonly order: readonly { readonly column: string; readonly descending: boolean }[]
  /** Columns of a unique index of the table; none where it has none. */
  readonly key: readonly string[]
  readonly branches: readonly Branch[]
}

export type FindPart = (place: Place, table: string) => Promise<PartTable>

interface Finding {
  readonly context: Context
  readonly place: Place
  /** Looks at a table of this name. */
  readonly find: FindPart
}

/** Looks at the tables that a source reads besides its own; SOURCE_INVALID or SOURCE_AUTH where they don't fit. */
export async function findBranches(
  finding: Finding,
  { parent, columns, parts }: { parent: PartTable; columns: readonly string[]; parts: Parts },
): Promise<readonly Branch[]> {
  const branches: Branch[] = []
  for (const [name, part] of Object.entries(parts)) {
    if (columns.includes(name)) {
      throw invalidSource(finding.place, `${titleOf(parent)} has a column ${name} already`, {
        fix: 'Name it otherwise in `with`.',
      })
    }
    branches.push(await findBranch(finding, { parent, name, part }))
  }
  return branches
}

async function findBranch(
  finding: Finding,
  { parent, name, part }: { parent: PartTable; name: string; part: Part },
): Promise<Branch> {
  const { context, place } = finding
  const table = await findReadable(finding, part.table)
  const { through: over } = part
  const through =
    over === undefined ? undefined : await findReadable(finding, typeof over === 'string' ? over : over.table)
  const link = await findLink((left, right) => foreignKeys(context.session, place, left, right), place, {
    parent,
    table,
    through,
    part,
  })
  checkHops(place, parent, link.hops)
  const at = { ...place, what: titleOf(table) }
  const columns =
    part.columns === undefined
      ? table.described.filter(({ visible }) => visible)
      : [...new Set(part.columns)].map((one) => findColumn(at, one, table.described))
  return {
    ...link,
    name,
    table,
    columns,
    order: orderOf(at, part.order, table.described),
    key: table.unique[0]?.columns ?? [],
    branches: await findBranches(finding, {
      parent: table,
      columns: columns.map((one) => one.name),
      parts: part.with ?? {},
    }),
  }
}

/** What information_schema lists may be there for another right than to read it. */
async function findReadable({ context, place, find }: Finding, text: string): Promise<PartTable> {
  const table = await find(place, text)
  const columns = table.described.map(({ name }) => quoteName(name)).join(', ')
  const from = `${quoteName(table.schema)}.${quoteName(table.name)}`
  await context.session.query({ ...place, what: titleOf(table) }, `select ${columns} from ${from} limit 0`)
  return table
}

/** Columns that tie tables together are compared with what the log tells of them, so both have to tell the same. */
function checkHops(place: Place, parent: PartTable, hops: readonly Hop<PartTable>[]): void {
  let before = parent
  for (const { table, on } of hops) {
    for (const [near, own] of on) {
      const left = findColumn({ ...place, what: titleOf(before) }, near, before.described)
      const right = findColumn({ ...place, what: titleOf(table) }, own, table.described)
      linkColumn(place, titleOf(before), left)
      linkColumn(place, titleOf(table), right)
      if (kindOf(left) === kindOf(right)) continue
      throw invalidSource(
        place,
        `${near} of ${titleOf(before)} is ${shown(left)}, and ${own} of ${titleOf(table)} is ${shown(right)}`,
        { fix: 'Give the columns that tie tables together the same type, character set and collation.' },
      )
    }
    before = table
  }
}

const shown = ({ fullType, collation }: Column): string => [fullType, collation].filter((one) => one !== null).join(' ')

function kindOf({ type, collation }: Column): string {
  if (type.endsWith('int')) return 'int'
  return collation === null ? type : `text ${collation}`
}

function orderOf(place: Place, declared: Part['order'], known: readonly Column[]): Branch['order'] {
  return (typeof declared === 'string' ? [declared] : (declared ?? [])).map((text) => {
    const [, name = text, direction = 'asc'] = /^(.*?)(?:\s+(asc|desc))?$/i.exec(text.trim()) ?? []
    return { column: findColumn(place, name, known).name, descending: direction.toLowerCase() === 'desc' }
  })
}

function everyBranch(branches: readonly Branch[]): readonly Branch[] {
  return branches.flatMap((branch) => [branch, ...everyBranch(branch.branches)])
}

/** Tables that are read besides the source's own, join tables too. */
export function tablesOf(branches: readonly Branch[]): readonly PartTable[] {
  return everyBranch(branches).flatMap(({ hops }) => hops.map(({ table }) => table))
}
