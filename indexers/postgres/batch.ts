import type { Relation } from './relation.ts'
import type { Rows } from './session.ts'
import { rowHashSql, keySql } from './sql.ts'

/** Key, digest of the row, then the row's own values. */
export type ReadRow = Rows['rows'][number]
export const ownValues = 2

export function selectSql(relation: Relation): string {
  const { list, joins, hash } = rowSql(relation)
  return `select ${keySql(relation.key)}, ${hash}, ${list} from ${relation.from}${joins}`
}

/** What a row's values and digest are, and what has to be joined for them. */
export function rowSql({ wide }: Relation): { readonly list: string; readonly joins: string; readonly hash: string } {
  return wide ?? { list: 'q.*', joins: '', hash: rowHashSql }
}

/** Rows that were read together. */
export interface Batch {
  readonly items: readonly { readonly row: ReadRow; readonly repeated: boolean }[]
  /** Where to go on after the last of them. */
  readonly after: readonly string[]
}

/** Pages in the order of their keys, with every key once: what stands there twice is marked, whichever page it is on. */
export async function* markRepeats(pages: AsyncIterable<Rows>): AsyncGenerator<Batch> {
  let open: Batch['items'][number] | undefined
  for await (const page of pages) {
    const items: Batch['items'][number][] = []
    for (const row of page.rows) {
      const repeated = open !== undefined && row[0] === open.row[0]
      if (open !== undefined && !repeated) items.push(open)
      open = repeated && open !== undefined ? { row: open.row, repeated } : { row, repeated }
    }
    const last = items.at(-1)?.row[0]
    if (typeof last === 'string') yield { items, after: [last] }
    else if (items.length > 0) yield { items, after: [] }
  }
  if (open !== undefined) yield { items: [open], after: [open.row[0] ?? ''] }
}
