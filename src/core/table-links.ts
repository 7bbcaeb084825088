import { findColumn } from './find-column.ts'
import type { Part } from './record-parts.ts'
import { invalidSource } from './source-error.ts'
import type { Place } from './source-error.ts'

/** What has to be known of a table to find the way from it to another. */
export interface Linkable {
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: readonly { readonly columns: readonly string[]; readonly primary: boolean }[]
}

/** A step from one table to the next, by columns that are equal. */
export interface Hop<T extends Linkable> {
  readonly table: T
  /** Column of the table before, column of this one. */
  readonly on: readonly (readonly [near: string, own: string])[]
}

/** How the rows of a part are reached from the record: one step, or two over a join table. */
export interface Link<T extends Linkable> {
  readonly as: 'object' | 'array'
  readonly hops: readonly Hop<T>[]
}

/** Columns of the table `from` that refer to columns of the table `to`, both by their ids. */
export interface ForeignKey {
  readonly from: string
  readonly to: string
  readonly columns: readonly string[]
  readonly refers: readonly string[]
}

/** The foreign keys between two tables, whichever refers to the other, each once. */
export type ForeignKeys<T extends Linkable> = (left: T, right: T) => Promise<readonly ForeignKey[]>

/** A table's name for people. */
export const titleOf = ({ schema, name }: Pick<Linkable, 'schema' | 'name'>): string => `${schema}.${name}`

type Names = string | readonly string[] | undefined

type Pairs = readonly (readonly [near: string, own: string])[]
type LinkKind = 'object' | 'array'

const listed = (names: string | readonly string[]): readonly string[] => (typeof names === 'string' ? [names] : names)
const same = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((name) => right.includes(name))
const shown = (names: readonly string[]): string => (names.length === 1 ? names.join('') : `[${names.join(', ')}]`)

/** The one way from a row of `parent` to the rows of the part; SOURCE_INVALID with the choices where there is not one. */
export async function findLink<T extends Linkable>(
  foreignKeys: ForeignKeys<T>,
  place: Place,
  { parent, table, through, part }: { parent: T; table: T; through: T | undefined; part: Part },
): Promise<Link<T>> {
  if (through === undefined) return directLink(await foreignKeys(parent, table), place, { parent, table, part })
  const { via, to } = typeof part.through === 'object' ? part.through : {}
  const first = await refersTo(foreignKeys, place, { from: through, to: parent, by: via, option: 'via', not: to })
  const second = await refersTo(foreignKeys, place, {
    from: through,
    to: table,
    by: to,
    option: 'to',
    not: table.id === parent.id ? first.columns : undefined,
  })
  return {
    as: 'array',
    hops: [
      { table: through, on: pair(first.refers, first.columns) },
      { table, on: pair(second.columns, second.refers) },
    ],
  }
}

const pair = (near: readonly string[], own: readonly string[]): Pairs =>
  near.map((name, at) => [name, own[at] ?? ''] as const)

function directLink<T extends Linkable>(
  keys: readonly ForeignKey[],
  place: Place,
  { parent, table, part }: { parent: T; table: T; part: Part },
): Link<T> {
  const all: readonly { readonly as: LinkKind; readonly by: readonly string[]; readonly on: Pairs }[] = [
    ...keys.flatMap(({ from, to, columns, refers }) =>
      from === parent.id && to === table.id ? [{ as: 'object' as const, by: columns, on: pair(columns, refers) }] : [],
    ),
    ...keys.flatMap(({ from, to, columns, refers }) =>
      from === table.id && to === parent.id ? [{ as: 'array' as const, by: columns, on: pair(refers, columns) }] : [],
    ),
  ]
  const fit = all.filter(
    ({ as, by }) => (part.as === undefined || part.as === as) && (part.via === undefined || same(by, listed(part.via))),
  )
  const [only] = fit
  if (only !== undefined && fit.length === 1) return { as: only.as, hops: [{ table, on: only.on }] }
  if (fit.length > 1) {
    throw invalidSource(place, `${titleOf(table)} and ${titleOf(parent)} belong together in several ways`, {
      fix: `Say which: ${fit.map(({ as, by }) => `via: ${shown(by)}, as: ${as}`).join('; or ')}.`,
    })
  }
  if (part.via === undefined) {
    throw invalidSource(place, `no foreign key leads between ${titleOf(parent)} and ${titleOf(table)}`, {
      fix: `Write via: COLUMN with as: object for what ${titleOf(parent)} refers to, as: array for what refers to it, or through: the table that joins them.`,
    })
  }
  return declaredLink(place, { parent, table, as: part.as, via: listed(part.via) })
}

/** Without a foreign key, columns refer to the primary key of the other table. */
function declaredLink<T extends Linkable>(
  place: Place,
  { parent, table, as, via }: { parent: T; table: T; as: LinkKind | undefined; via: readonly string[] },
): Link<T> {
  const inParent = via.every((name) => parent.columns.includes(name))
  const inTable = via.every((name) => table.columns.includes(name))
  if (as === undefined && inParent && inTable) {
    throw invalidSource(place, `both ${titleOf(parent)} and ${titleOf(table)} have ${via.join(', ')}`, {
      fix: `Write as: object if it is ${titleOf(parent)} that refers, as: array if it is ${titleOf(table)}.`,
    })
  }
  const isObject = as === undefined ? inParent : as === 'object'
  const [from, to] = isObject ? [parent, table] : [table, parent]
  const refers = primaryKey(place, from, to, via)
  return { as: isObject ? 'object' : 'array', hops: [{ table, on: isObject ? pair(via, refers) : pair(refers, via) }] }
}

function primaryKey(place: Place, from: Linkable, to: Linkable, via: readonly string[]): readonly string[] {
  for (const name of via) {
    findColumn(
      { ...place, what: titleOf(from) },
      name,
      from.columns.map((column) => ({ name: column })),
    )
  }
  const key = to.unique.find(({ primary }) => primary)?.columns
  if (key?.length === via.length) return key
  const has = key === undefined ? 'no primary key' : `the primary key ${key.join(', ')}`
  throw invalidSource(place, `${via.join(', ')} of ${titleOf(from)} is to refer to ${titleOf(to)}, which has ${has}`, {
    fix: 'Name as many columns as that has, in its order, or let a foreign key say it.',
  })
}

async function refersTo<T extends Linkable>(
  foreignKeys: ForeignKeys<T>,
  place: Place,
  { from, to, by, option, not }: { from: T; to: T; by: Names; option: 'via' | 'to'; not: Names },
): Promise<ForeignKey> {
  const all = (await foreignKeys(from, to)).filter((key) => key.from === from.id && key.to === to.id)
  const fit = all.filter(({ columns }) =>
    by === undefined ? not === undefined || !same(columns, listed(not)) : same(columns, listed(by)),
  )
  const [only] = fit
  if (only !== undefined && fit.length === 1) return only
  if (fit.length > 1) {
    throw invalidSource(place, `${titleOf(from)} refers to ${titleOf(to)} in several ways`, {
      fix: `Say which in through: ${fit.map(({ columns }) => `${option}: ${shown(columns)}`).join('; or ')}.`,
    })
  }
  if (by !== undefined) {
    const columns = [...listed(by)]
    return { from: from.id, to: to.id, columns, refers: [...primaryKey(place, from, to, columns)] }
  }
  throw invalidSource(place, `no foreign key leads from ${titleOf(from)} to ${titleOf(to)}`, {
    fix: `Write through: { table: ${titleOf(from)}, ${option}: COLUMN }.`,
  })
}
