import type { PostgresSource } from './config.ts'
import { expired } from '../../src/core/source-error.ts'
import type { Cursor } from './cursor.ts'
import type { Relation } from './relation.ts'
import type { Moment } from './server.ts'
import { arrayValue, column } from './sql.ts'

/** What one round reads. */
export type Plan =
  /** Everything, after this key. */
  | { readonly kind: 'pass'; readonly after: readonly string[] }
  /** What may have changed since the last round. */
  | { readonly kind: 'changed'; readonly where: string; readonly values: readonly string[] }
  /** Nobody wrote anything since the last round. */
  | { readonly kind: 'nothing' }

/** Whether nothing tells which rows changed, so that every round reads all of them. */
export function isWhole(relation: Relation, mode: PostgresSource['mode']): boolean {
  return mode === 'snapshot' || (!relation.hasXmin && relation.cursor === undefined)
}

/** Throws CURSOR_EXPIRED where the cursor tells nothing about what the source holds now. */
export function checkHistory(cursor: Cursor, relation: Relation, shape: string, moment: Moment): void {
  const { place } = relation
  if (cursor.history !== moment.history) throw expired(place, 'the database is not the one that was read before')
  if (BigInt(moment.xmax) < BigInt(cursor.xmax)) throw expired(place, 'the database went back in time')
  if (cursor.shape !== shape) throw expired(place, `the columns of ${place.what}, or what is read of it, changed`)
}

/** After a pass, `xmin` finds just what changed meanwhile, and one more look at every row is no matter then. */
export function planRound(cursor: Cursor | undefined, relation: Relation, moment: Moment, afterPass: boolean): Plan {
  if (cursor === undefined) return { kind: 'pass', after: [] }
  if (cursor.pass !== null) return { kind: 'pass', after: cursor.pass.after }
  const added = relation.parts.filter((id) => !cursor.parts.includes(id))
  const isQuiet = cursor.xmin === cursor.xmax && cursor.xmax === moment.xmax
  if ((relation.hasXmin || relation.wide?.settles === true) && isQuiet && added.length === 0) return { kind: 'nothing' }
  if (relation.cursor !== undefined && cursor.marks.safe !== null && !(afterPass && relation.hasXmin)) {
    return orAdded({ where: columnWhere(relation.cursor), values: [cursor.marks.safe] }, relation, added)
  }
  if (relation.hasXmin) return orAdded(xminWhere(cursor.xmin, moment.xmax), relation, added)
  return { kind: 'pass', after: [] }
}

/** From the safe value on, itself included: others may get it yet. A row without a value might have changed any time. */
function columnWhere({ name, fromSql }: NonNullable<Relation['cursor']>): string {
  return `(${column(name)} >= ${fromSql} or ${column(name)} is null)`
}

/**
 * Rows written by a transaction that had not ended, or not begun, when the last round looked: by its xmin, not by its list
 * of running transactions, which leaves out subtransactions. A row's xmin is the low half of the 64 bits that a
 * snapshot counts in, so their distance is taken modulo 2^32; no row is further behind than that, but for frozen ones,
 * which are then read again for nothing.
 */
export function xminWhere(
  since: string,
  until: string,
): { readonly where: string; readonly values: readonly string[] } {
  return {
    where: `((q.xmin::text::bigint - $1::bigint) & 4294967295) < $2::bigint`,
    values: [since, String(BigInt(until) - BigInt(since))],
  }
}

function orAdded(
  { where, values }: { readonly where: string; readonly values: readonly string[] },
  relation: Relation,
  added: readonly string[],
): Plan {
  if (relation.parts.length === 0 || added.length === 0) return { kind: 'changed', where, values }
  const other = `q.tableoid = any($${values.length + 1}::oid[])`
  return { kind: 'changed', where: `(${where} or ${other})`, values: [...values, arrayValue(added)] }
}
