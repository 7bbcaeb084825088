import { AquiferError } from '../../../src/core/errors.ts'
import { sameColumns } from '../columns.ts'
import { rowSql } from '../batch.ts'
import type { Relation, TableName } from '../relation.ts'
import type { Rows, Run } from '../session.ts'
import { column, quoteName, keySql } from '../sql.ts'
import { nameOf } from '../tree/name-of.ts'
import { isUnaltered } from '../tree/wide.ts'

/** The values of a key's columns, as Postgres prints them. */
export type KeyValues = readonly string[]

/** A key that the log named, and the row that has it now, if any: its key, its digest, its values. */
export interface Reread {
  readonly key: string
  readonly row: Rows['rows'][number] | undefined
}

const typesSql = `select format_type(a.atttypid, a.atttypmod) from unnest($2::text[]) with ordinality k (name, place)
  join pg_attribute a on a.attrelid = to_regclass($1) and a.attname = k.name and a.attnum > 0 order by k.place`

/** SQL types of columns of a table, in their order. */
export async function columnTypes(run: Run, table: TableName, columns: readonly string[]): Promise<readonly string[]> {
  const { rows } = await run(typesSql, [nameOf(table), arrayText(columns)])
  return rows.map(([type]) => type ?? 'text')
}

/** Whether this transaction sees what those did. */
export async function seesAll(run: Run, transactions: readonly number[]): Promise<boolean> {
  if (transactions.length === 0) return true
  const { rows } = await run(
    `select pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text,
      (select coalesce(string_agg(x::text, ','), '') from pg_snapshot_xip(s) x) from pg_current_snapshot() s`,
  )
  return transactions.every((id) => isSeen(id, rows[0] ?? []))
}

/**
 * The rows of these keys as they are now, in the order of the keys. 'unseen' where not all of the transactions that named
 * them are seen yet: a commit is in the log before other sessions see it. 'altered' where columns changed.
 */
export async function rereadRows(
  run: Run,
  relation: Relation,
  {
    types,
    keys,
    transactions,
  }: {
    readonly types: readonly string[]
    readonly keys: readonly KeyValues[]
    readonly transactions: readonly number[]
  },
): Promise<readonly Reread[] | 'unseen' | 'altered'> {
  if (!(await seesAll(run, transactions))) return 'unseen'
  if (!(await isUnaltered(run, relation.wide))) return 'altered'
  const { list, joins, hash } = rowSql(relation)
  const names = relation.key.map((_, at) => `k${String(at)}`)
  const typed = names.map((name, at) => `k.${name}::${types[at] ?? 'text'}`)
  const sql = `with k as (select place, ${typed.map((cast, at) => `${cast} as ${quoteName(relation.key[at] ?? '')}`).join(', ')}
      from unnest(${names.map((_, at) => `$${String(at + 1)}::text[]`).join(', ')}) with ordinality k (${names.join(', ')}, place))
    select ${keySql(relation.key, 'k')}, q.*
    from k left join lateral (select ${keySql(relation.key)} as own, ${hash} as hash, ${list} from ${relation.from}${joins}
      where ${relation.key.map((name) => `${column(name)} = k.${quoteName(name)}`).join(' and ')}) q on true
    order by k.place`
  const values = names.map((_, at) => arrayText(keys.map((key) => key[at] ?? '')))
  const { columns, rows } = await run(sql, values)
  if (!sameColumns(columns.slice(3), relation.columns)) return 'altered'
  return rows.map(([key, own, ...rest]) => {
    if (typeof key !== 'string') throw new AquiferError('INTERNAL', 'A key of the log has no text.')
    return { key, row: typeof own === 'string' ? [own, ...rest] : undefined }
  })
}

/** Ids in the log have 32 bits, those of a snapshot 64: their distance is less than 2^31. */
function isSeen(transaction: number, [xmin, xmax, running]: Rows['rows'][number]): boolean {
  const id = BigInt.asUintN(32, BigInt(transaction))
  const before = (limit: string): boolean => BigInt.asIntN(32, id - BigInt.asUintN(32, BigInt(limit))) < 0n
  if (before(xmin ?? '0')) return true
  if (!before(xmax ?? '0')) return false
  return !(running ?? '').split(',').some((one) => one !== '' && BigInt.asUintN(32, BigInt(one)) === id)
}

/** https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
export const arrayText = (items: readonly string[]): string =>
  `{${items.map((item) => `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`
