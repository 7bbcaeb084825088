import type { Json } from '../../../schemas/record.ts'
import type { TableInfo } from '../catalog.ts'
import type { Column } from '../columns.ts'
import { sameColumns } from '../columns.ts'
import type { Run } from '../session.ts'
import { column, quoteName } from '../sql.ts'
import type { Branch } from './branch.ts'
import { nameOf } from './name-of.ts'

/** What is read where a record is not just the whole row of one table. */
export interface Wide {
  /** Select list of the values, of the row as `q` and of what is joined to it. */
  readonly list: string
  /** Follows FROM and the table. */
  readonly joins: string
  /** SQL of a digest over all that is read. */
  readonly hash: string
  readonly branches: readonly Branch[]
  /** Names and types of all that is read, for digests. */
  readonly typed: Json
  /** Everything that the reading is made of besides the configuration: another one makes another reading. */
  readonly shape: Json
  /** Whether nothing of it changes while no transaction of the database ends. */
  readonly settles: boolean
  /** A statement whose columns are those of all tables that are read. */
  readonly describe: string
  readonly described: readonly Column[]
}

/** Type of what a branch gives: text. */
const textId = '25'

export const branchColumns = (branches: readonly Branch[]): readonly Column[] =>
  branches.map(({ name }) => ({ name, typeId: textId }))

export function widen(
  table: TableInfo,
  { own, isWhole, branches }: { own: readonly Column[]; isWhole: boolean; branches: readonly Branch[] },
): Wide {
  const laterals = lateralsOf(branches, 'q', { count: 0 })
  const ownList = own.map(({ name }) => column(name))
  const values = [...ownList, ...laterals.map(({ value }) => value)]
  const all = everyBranch(branches)
  const tables = [table, ...all.flatMap(({ hops }) => hops.map((hop) => hop.table))]
  const others = all.map(({ isWhole: reads, columns }, at) => {
    const name = `t${String(at)}`
    return reads ? `${name}.*` : columns.map((one) => column(one.name, name)).join(', ')
  })
  return {
    list: [...ownList, ...laterals.map(({ value, name }) => `${value} as ${quoteName(name)}`)].join(', '),
    joins: laterals.map(({ join }) => join).join(''),
    hash: `encode(sha256(convert_to(row(${values.join(', ')})::text, 'UTF8')), 'hex')`,
    branches,
    typed: [...own.map(typed), ...branches.map(typedOf)],
    shape: branches.map(shapeOf),
    settles: tables.every(({ parts, kind }) => parts.every(({ heap }) => heap) && 'rpm'.includes(kind)),
    describe: `select ${[isWhole ? 'q.*' : ownList.join(', '), ...others].join(', ')}
      from ${[`${nameOf(table)} as q`, ...all.map((one, at) => `${nameOf(one.table)} as t${String(at)}`)].join(', ')} where false`,
    described: [...own, ...all.flatMap(({ columns }) => columns)],
  }
}

/** Locks the tables that are read for this transaction, and answers whether their columns are still what they were. */
export async function isUnaltered(run: Run, wide: Wide | undefined): Promise<boolean> {
  return wide === undefined || sameColumns((await run(wide.describe)).columns, wide.described)
}

export function everyBranch(branches: readonly Branch[]): readonly Branch[] {
  return branches.flatMap((branch) => [branch, ...everyBranch(branch.branches)])
}

const typed = ({ name, typeId }: Column): Json => [name, typeId]

const typedOf = ({ name, columns, branches }: Branch): Json => [name, ...columns.map(typed), ...branches.map(typedOf)]

const shapeOf = ({ name, as, columns, hops, order, key, branches }: Branch): Json => [
  name,
  as,
  columns.map((one) => [one.name, one.typeId]),
  hops.map(({ table, on }) => [table.id, on.map(([near, own]) => [near, own])]),
  order.map((term) => [term.column, term.descending]),
  key,
  branches.map(shapeOf),
]

interface Lateral {
  readonly name: string
  readonly join: string
  readonly value: string
}

/** A join for each branch that gives its rows as text: a JSON array of a row's texts, or one of such arrays. */
function lateralsOf(branches: readonly Branch[], near: string, made: { count: number }): readonly Lateral[] {
  return branches.map((branch) => {
    made.count += 1
    const id = String(made.count)
    const own = `t${id}`
    const inner = lateralsOf(branch.branches, own, made)
    const texts = [...branch.columns.map((one) => textSql(column(one.name, own))), ...inner.map(({ value }) => value)]
    const row = `to_json(array[${texts.join(', ')}]::text[])`
    const { from, where } = wayTo(branch, near, own)
    const source = `${from}${inner.map(({ join }) => join).join('')} where ${where}`
    const sql =
      branch.as === 'object'
        ? `select ${row}::text as v from ${source}`
        : `select coalesce(json_agg(${row} order by ${orderSql(branch, own, row)})::text, '[]') as v from ${source}`
    return { name: branch.name, join: ` left join lateral (${sql}) as r${id} on true`, value: `r${id}.v` }
  })
}

/** The last table of the way is called `own`, a join table before it `own` with a j. */
function wayTo({ hops }: Branch, near: string, own: string): { readonly from: string; readonly where: string } {
  const [first, second] = hops
  if (first === undefined) return { from: '', where: 'false' }
  const alias = second === undefined ? own : `${own}j`
  const where = equalSql(first.on, near, alias)
  const from = `${nameOf(first.table)} as ${alias}`
  if (second === undefined) return { from, where }
  return { from: `${from} join ${nameOf(second.table)} as ${own} on ${equalSql(second.on, alias, own)}`, where }
}

export const equalSql = (on: Branch['hops'][number]['on'], near: string, own: string): string =>
  on.map(([before, after]) => `${column(after, own)} = ${column(before, near)}`).join(' and ')

/** The text by which Postgres hands a value over, which a cast is not of every type; NULL stays, also beside ROW(NULL). */
const textSql = (value: string): string => `case when ${value} is distinct from null then format('%s', ${value}) end`

/** Without a key, only rows that are equal in all that is read are of no order. */
function orderSql({ order, key }: Branch, own: string, row: string): string {
  const terms = order.map((term) => `${column(term.column, own)}${term.descending ? ' desc' : ''}`)
  const last = key.length === 0 ? [`${row}::text collate "C"`] : key.map((name) => column(name, own))
  return [...terms, ...last].join(', ')
}
