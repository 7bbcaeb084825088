import type { Json } from '../../../schemas/record.ts'
import type { Place } from '../../../src/core/source-error.ts'
import { titleOf } from '../../../src/core/table-links.ts'
import { columnSql, parserOf, rowHashSql } from '../columns.ts'
import type { Cell, Rows, Run, Session } from '../session.ts'
import { quoteName } from '../sql.ts'
import type { Branch, PartTable } from './branch.ts'
import { equalSql, linkColumn, linkLiteral } from './link-column.ts'

/** What belongs into a row besides its own columns. */
export interface Grown {
  readonly values: Readonly<Record<string, Json>>
  /** Digests of all rows that it is made of. */
  readonly hashes: readonly Json[]
}

/** Texts of the columns that lead from a row to others, in the order of `nearNames`. */
type Near = readonly (string | null)[]

const bare: Grown = { values: {}, hashes: [] }
/** Rows are looked for by so many values at once. */
const mostValues = 500

/** Columns that lead from a row to those of the branches. */
function nearNames(branches: readonly Branch[]): readonly string[] {
  return [...new Set(branches.flatMap(({ hops }) => (hops[0]?.on ?? []).map(([near]) => near)))]
}

/** SQL of the texts that lead from a row of the table to those of the branches. */
export function nearSql(place: Place, table: PartTable, branches: readonly Branch[]): readonly string[] {
  return nearNames(branches).map((name) => {
    const column = table.described.find((one) => one.name === name)
    return column === undefined ? 'null' : linkColumn(place, titleOf(table), column).textSql
  })
}

/** Runs `work` such that all of its statements see one moment. */
export function inSnapshot<T>(session: Session, place: Place, work: (run: Run) => Promise<T>): Promise<T> {
  return session.together(place, async (run) => {
    await run('start transaction with consistent snapshot, read only')
    try {
      return await work(run)
    } finally {
      // Of a connection that was lost, nothing stays open.
      await run('rollback').catch(() => {})
    }
  })
}

/** What belongs into each of these rows, of which the last cells are the texts of `nearSql`. */
export async function grow(
  run: Run,
  place: Place,
  { branches, rows }: { branches: readonly Branch[]; rows: Rows },
): Promise<readonly Grown[]> {
  const names = nearNames(branches)
  const nears = rows.map((row) => row.slice(row.length - names.length).map((cell) => cell?.toString('utf8') ?? null))
  const found: Found[][] = []
  for (const branch of branches) found.push(await findRows(run, place, { branch, names, nears }))
  return rows.map((_, at) => {
    const all = found.map((each) => each[at])
    return {
      values: Object.fromEntries(branches.map(({ name }, position) => [name, all[position]?.value ?? null])),
      hashes: all.map((each) => each?.hash ?? null),
    }
  })
}

interface Found {
  readonly value: Json
  readonly hash: Json
}

interface Asked {
  readonly branch: Branch
  readonly names: readonly string[]
  readonly nears: readonly Near[]
}

/** The rows of a branch for each row of the table before it. */
async function findRows(run: Run, place: Place, { branch, names, nears }: Asked): Promise<Found[]> {
  const places = (branch.hops[0]?.on ?? []).map(([near]) => names.indexOf(near))
  const texts = nears.map((near) => valueOf(places.map((at) => near[at] ?? null)))
  const wanted = [...new Set(texts.flatMap((text) => text ?? []))]
  const byText = new Map<string, Found[]>()
  for (let at = 0; at < wanted.length; at += mostValues) {
    const some = wanted.slice(at, at + mostValues)
    const rows = await run(branchSql(place, branch, some.map(parseValue)))
    const grown = branch.branches.length === 0 ? [] : await grow(run, place, { branches: branch.branches, rows })
    for (const [index, row] of rows.entries()) {
      const text = some[Number(row[0]?.toString())] ?? ''
      const list = byText.get(text) ?? []
      byText.set(text, list)
      list.push(toFound(branch, row, grown[index] ?? bare))
    }
  }
  return texts.map((text) => {
    const list = (text === undefined ? undefined : byText.get(text)) ?? []
    if (branch.as === 'object') return list[0] ?? { value: null, hash: null }
    return { value: list.map(({ value }) => value), hash: list.map(({ hash }) => hash) }
  })
}

/** A NULL refers to nothing. */
function valueOf(near: Near): string | undefined {
  return near.includes(null) ? undefined : JSON.stringify(near)
}

/** Written above. */
const parseValue = (text: string): readonly string[] => JSON.parse(text) as string[]

function toFound({ columns }: Branch, row: readonly Cell[], { values, hashes }: Grown): Found {
  const own = columns.map((column, at) => {
    const cell = row[at + 2] ?? null
    return [column.name, cell === null ? null : parserOf(column)(cell)] as const
  })
  return { value: { ...Object.fromEntries(own), ...values }, hash: [row[1]?.toString('latin1') ?? '', ...hashes] }
}

const numberName = quoteName('aquifer number')

/** Rows by the number of the value that leads to them, then in their own order. */
function branchSql(place: Place, branch: Branch, values: readonly (readonly string[])[]): string {
  const { hops, table, columns, branches, order, key } = branch
  const [first, second] = hops
  if (first === undefined) return ''
  const own = second === undefined ? 't' : 'j'
  const links = first.on.map(([, name]) => {
    const column = first.table.described.find((one) => one.name === name)
    return (text: string) =>
      column === undefined ? 'null' : linkLiteral(linkColumn(place, titleOf(first.table), column), column, text)
  })
  const list = values.map((texts, number) => {
    const items = links.map((literal, at) => `${literal(texts[at] ?? '')} as ${quoteName(nearName(at))}`)
    return `select ${[`${String(number)} as n`, ...items].join(', ')}`
  })
  const joined = second === undefined ? '' : ` join ${fromSql(second.table)} t on ${equalSql(second.on, 'j', 't')}`
  const near = first.on.map(([, name], at): readonly [string, string] => [nearName(at), name])
  const all = table.described.map(({ name }) => `t.${quoteName(name)}`)
  const items = [numberName, rowHashSql(columns), ...columns.map(columnSql), ...nearSql(place, table, branches)]
  const terms = order.map(({ column, descending }) => `${quoteName(column)}${descending ? ' desc' : ''}`)
  const last = key.length === 0 ? [rowHashSql(table.described)] : key.map(quoteName)
  return `select ${items.join(', ')} from (select p.n as ${numberName}, ${all.join(', ')}
      from (${list.join(' union all ')}) p join ${fromSql(first.table)} ${own} on ${equalSql(near, 'p', own)}${joined}) x
    order by ${[numberName, ...terms, ...last].join(', ')}`
}

const nearName = (at: number): string => `c${String(at)}`
const fromSql = ({ schema, name }: PartTable): string => `${quoteName(schema)}.${quoteName(name)}`

/** Names and types of what is read, for digests. */
export function typedOf(branches: readonly Branch[]): Json {
  return branches.map(({ name, as, columns, branches: inner }) => [
    name,
    as,
    columns.map(({ name: column, type, json }) => [column, json ? 'json' : type]),
    typedOf(inner),
  ])
}
