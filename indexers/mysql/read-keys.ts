import type { KeyDigest, KeyRange } from '../../src/core/indexer.ts'
import { rowHashSql } from './columns.ts'
import { keyOf, keySql } from './key-column.ts'
import { readKeyed } from './read-rows.ts'
import { keyProblem, keyTextsOf, rowDigest } from './row-changes.ts'
import type { KeyTexts } from './touched.ts'
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
  if (want === 'digests' && table.branches.length > 0) {
    yield* readWholeDigests(session, table, range, digest)
    return
  }
  for await (const [bytes, hash] of session.stream(table.place, keysSql(table, range, want))) {
    const key = bytes?.toString('utf8') ?? ''
    if (keyProblem(key) !== undefined) continue
    if (want === 'keys') yield { key }
    else yield { key, digest: rowDigest(hash, { table, digest }) }
  }
}

const mostAtOnce = 500

/** Digests of rows that are made of several tables: read as a put would be. One that went meanwhile is left out. */
async function* readWholeDigests(
  session: Session,
  table: Table,
  range: KeyRange,
  digest: (canonical: string) => string,
): AsyncGenerator<KeyDigest> {
  let keys: KeyTexts[] = []
  const digests = async (): Promise<readonly KeyDigest[]> => {
    const asked = keys
    keys = []
    const rows = asked.length === 0 ? [] : await readKeyed(session, table, asked)
    const found = new Map(
      rows.map(({ row, grown }) => [
        keyOf(keyTextsOf(row, table)),
        rowDigest(row[table.key.length], { table, digest }, grown),
      ]),
    )
    return asked.map(keyOf).flatMap((key) => {
      const known = found.get(key)
      return known === undefined ? [] : [{ key, digest: known }]
    })
  }
  for await (const [bytes, , ...texts] of session.stream(table.place, keysSql(table, range, 'keys'))) {
    if (keyProblem(bytes?.toString('utf8') ?? '') !== undefined) continue
    keys.push(texts.map((text) => text?.toString('utf8') ?? ''))
    if (keys.length >= mostAtOnce) yield* await digests()
  }
  yield* await digests()
}

function keysSql({ key, from, columns }: Table, { from: first, to }: KeyRange, want: 'keys' | 'digests'): string {
  const bytes = `cast(${keySql(key)} as binary)`
  const bounds = [
    ...(first === undefined ? [] : [`${bytes} >= ${binarySql(first)}`]),
    ...(to === undefined ? [] : [`${bytes} < ${binarySql(to)}`]),
  ]
  const where = bounds.length === 0 ? '' : ` where ${bounds.join(' and ')}`
  const hash = want === 'digests' ? rowHashSql(columns) : 'null'
  const texts = key.map(({ textSql }) => textSql).join(', ')
  return `select ${bytes} as k, ${hash}, ${texts} from ${from}${where} order by k`
}

function binarySql(text: string): string {
  return `cast(${bytesSql(Buffer.from(text))} as binary)`
}
