import { AquiferError } from '../../../src/core/errors.ts'
import { sameColumns } from '../columns.ts'
import type { Relation } from '../relation.ts'
import type { Rows, Run } from '../session.ts'
import { column, quoteName, rowHashSql, keySql } from '../sql.ts'

/** The values of a key's columns, as Postgres prints them. */
export type KeyValues = readonly string[]

/** A key that the log named, and the row that has it now, if any: its key, its digest, its values. */
export interface Reread {
  readonly key: string
  readonly row: Rows['rows'][number] | undefined
}

/** SQL that names the types of the key's columns, in their order. */
export const keyTypesSql = `select format_type(a.atttypid, a.atttypmod) from unnest($2::text[]) with ordinality k (name, place)
  join pg_attribute a on a.attrelid = to_regclass($1) and a.attname = k.name and a.attnum > 0 order by k.place`

/**
 * The rows of these keys as they are now, in the order of the keys. undefined where not all of the transactions that named
 * them are seen yet: a commit is in the log before other sessions see it. CURSOR_EXPIRED where the columns changed.
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
  const { rows: snapshots } = await run(
    `select pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text,
      (select coalesce(string_agg(x::text, ','), '') from pg_snapshot_xip(s) x) from pg_current_snapshot() s`,
  )
  if (!transactions.every((id) => isSeen(id, snapshots[0] ?? []))) return 'unseen'
  const names = relation.key.map((_, at) => `k${String(at)}`)
  const typed = names.map((name, at) => `k.${name}::${types[at] ?? 'text'}`)
  const sql = `with k as (select place, ${typed.map((cast, at) => `${cast} as ${quoteName(relation.key[at] ?? '')}`).join(', ')}
      from unnest(${names.map((_, at) => `$${String(at + 1)}::text[]`).join(', ')}) with ordinality k (${names.join(', ')}, place))
    select ${keySql(relation.key, 'k')}, ${keySql(relation.key)}, ${rowHashSql}, q.*
    from k left join ${relation.from} on ${relation.key.map((name) => `${column(name)} = k.${quoteName(name)}`).join(' and ')}
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
const arrayText = (items: readonly string[]): string =>
  `{${items.map((item) => `"${item.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`
