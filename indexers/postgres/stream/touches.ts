import { hold } from '../read-held.ts'
import type { Held } from '../read-held.ts'
import type { TableInfo } from '../catalog.ts'
import type { Relation } from '../relation.ts'
import type { Run } from '../session.ts'
import { column } from '../sql.ts'
import type { Branch } from '../tree/branch.ts'
import { nameOf } from '../tree/name-of.ts'
import { equalSql, isUnaltered } from '../tree/wide.ts'
import { arrayText, columnTypes, seesAll, type KeyValues } from './reread.ts'

/** A place of a table in the records of a source: which of its values tell what records a row of it belongs to. */
export interface Touch {
  readonly table: TableInfo
  /** Its columns that are equal to `near`, columns of the table before it on the way from the record. */
  readonly columns: readonly string[]
  readonly near: readonly string[]
  /** Joins from the record, which is `q`, to the table before it, and what that is called there. */
  readonly joins: string
  readonly alias: string
}

/** In an order of its own that holds as long as the source has the same shape. */
export function touchesOf(branches: readonly Branch[], alias = 'q', joins = ''): readonly Touch[] {
  return branches.flatMap((branch, at) => {
    const touches: Touch[] = []
    let before = { alias, joins }
    for (const [step, { table, on }] of branch.hops.entries()) {
      touches.push({ table, columns: on.map(([, own]) => own), near: on.map(([near]) => near), ...before })
      const name = `${before.alias}_${String(at)}_${String(step)}`
      const join = ` join ${nameOf(table)} as ${name} on ${equalSql(on, before.alias, name)}`
      before = { alias: name, joins: before.joins + join }
    }
    return [...touches, ...touchesOf(branch.branches, before.alias, before.joins)]
  })
}

/** Values that the log told of a touch's columns, by the touch's place in the list. */
export type Touched = ReadonlyMap<number, readonly KeyValues[]>

interface Asked {
  readonly touches: readonly Touch[]
  readonly touched: Touched
  /** Keys up to here have been handed over. */
  readonly after: KeyValues
  readonly transactions: readonly number[]
  /** SQL types of the key's columns. */
  readonly types: readonly string[]
}

/**
 * Has the server find the keys of the records that these values belong to now, each once and in their order, and keep them.
 * A record that they belonged to before and do no more is told of by what took them apart.
 */
export async function holdTouched(
  run: Run,
  relation: Relation,
  { touches, touched, after, transactions, types }: Asked,
): Promise<Held | 'unseen' | 'altered'> {
  if (!(await seesAll(run, transactions))) return 'unseen'
  if (!(await isUnaltered(run, relation.wide))) return 'altered'
  const values: string[] = []
  const given = (value: string): string => `$${String(values.push(value))}`
  const parts: string[] = []
  for (const [place, rows] of touched) {
    const touch = touches[place]
    if (touch === undefined || rows.length === 0) continue
    const names = touch.columns.map((_, at) => `c${String(at)}`)
    const sqlTypes = await columnTypes(run, touch.table, touch.columns)
    const lists = names.map((_, at) => `${given(arrayText(rows.map((row) => row[at] ?? '')))}::text[]`)
    const typed = names.map((name, at) => `v.${name}::${sqlTypes[at] ?? 'text'}`)
    parts.push(`select ${relation.key.map((name) => column(name)).join(', ')} from ${relation.from}${touch.joins}
      where (${touch.near.map((name) => column(name, touch.alias)).join(', ')})
        in (select ${typed.join(', ')} from unnest(${lists.join(', ')}) as v (${names.join(', ')}))`)
  }
  const keys = relation.key.map((name) => column(name, 'k')).join(', ')
  const rest = after.map((value, at) => `${given(value)}::${types[at] ?? 'text'}`).join(', ')
  const where = after.length === 0 ? '' : ` where (${keys}) > (${rest})`
  const found =
    parts.length === 0
      ? `select ${relation.key.map((name) => column(name)).join(', ')} from ${relation.from} where false`
      : parts.join(' union ')
  return hold(run, `select distinct ${keys} from (${found}) as k${where} order by ${keys}`, values)
}
