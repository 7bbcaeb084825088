import type { KeyDigest, KeyRange } from '../../src/core/indexer.ts'
import { rowHashSql } from './columns.ts'
import { keySql } from './key-column.ts'
import { keyProblem, rowDigest } from './row-changes.ts'
import type { Session } from './session.ts'
import { bytesSql } from './sql.ts'
import type { Table } from './table.ts'

/** Keys in byte order as one moment shows them, sorted by the server. */
export async function* readKeys(
  session: Session,
  table: Table,
  range: KeyRange,
  { want, digest }: { readonly want: 'keys' | 'digests'; readonly digest: (canonical: string) => string },
): AsyncGenerator<KeyDigest> {
  for await (const [bytes, hash] of session.stream(table.place, keysSql(table, range, want))) {
    const key = bytes?.toString('utf8') ?? ''
    if (keyProblem(key) !== undefined) continue
    if (want === 'keys') yield { key }
    else yield { key, digest: rowDigest(hash, { table, digest }) }
  }
}

function keysSql({ key, from, columns }: Table, { from: first, to }: KeyRange, want: 'keys' | 'digests'): string {
  const bytes = `cast(${keySql(key)} as binary)`
  const bounds = [
    ...(first === undefined ? [] : [`${bytes} >= ${binarySql(first)}`]),
    ...(to === undefined ? [] : [`${bytes} < ${binarySql(to)}`]),
  ]
  const where = bounds.length === 0 ? '' : ` where ${bounds.join(' and ')}`
  const hash = want === 'digests' ? rowHashSql(columns) : 'null'
  return `select ${bytes} as k, ${hash} from ${from}${where} order by k`
}

function binarySql(text: string): string {
  return `cast(${bytesSql(Buffer.from(text))} as binary)`
}
