import type { Change, Json } from '../../schemas/record.ts'
import { parserOf } from './columns.ts'
import { keyOf } from './key-column.ts'
import type { Cell, Rows } from './session.ts'
import type { Table } from './table.ts'
import type { KeyTexts } from './touched.ts'
import { nearSql, typedOf } from './tree/grow.ts'
import type { Grown } from './tree/grow.ts'
import { columnSql, rowHashSql } from './columns.ts'

const longestKey = 2000

export interface RowContext {
  readonly source: string
  readonly position: string
  readonly table: Table
  readonly digest: (canonical: string) => string
}

/** SQL of all that a change needs of a row: texts of the key's columns, digest, then the row's own values. */
export function selectSql({ place, key, columns, from, self, branches }: Table): string {
  const items = [
    ...key.map(({ textSql }) => textSql),
    rowHashSql(columns),
    ...columns.map(columnSql),
    ...nearSql(place, self, branches),
  ]
  return `select ${items.join(', ')} from ${from}`
}

export function keyTextsOf(row: Rows[number], { key }: Table): KeyTexts {
  return key.map((_, at) => row[at]?.toString('utf8') ?? '')
}

/** The change that tells of a row; one without a usable key is set aside. */
export function toChange(row: Rows[number], context: RowContext, grown?: Grown): Change {
  const { source, position, table } = context
  const key = keyOf(keyTextsOf(row, table))
  const problem = keyProblem(key)
  if (problem !== undefined) {
    const message = `Source ${source}: ${problem}.`
    return { kind: 'reject', source, position, key: shownKey(key), code: 'RECORD_INVALID', message }
  }
  const values = row.slice(table.key.length + 1)
  return {
    kind: 'put',
    source,
    position,
    key,
    digest: rowDigest(row[table.key.length], context, grown),
    content: { kind: 'row', row: { ...parseRow(values, table), ...grown?.values } },
  }
}

/** Why a row cannot be kept under this key; undefined when it can. */
export function keyProblem(key: string): string | undefined {
  if (key === '') return 'a row has no key: it is empty'
  if (key.includes('\0')) return 'a key holds a NUL character'
  return key.length > longestKey ? `a key is longer than ${longestKey} characters` : undefined
}

/** Digest of a row as it was read, with the names and types of its columns: `5` may be a number or a text. */
export function rowDigest(
  hash: Cell | undefined,
  { table, digest }: Pick<RowContext, 'table' | 'digest'>,
  grown?: Grown,
): string {
  const columns = table.columns.map(({ name, type, json }) => [name, json ? 'json' : type])
  const own = `${JSON.stringify(columns)}\n${hash?.toString('latin1') ?? ''}`
  if (grown === undefined) return digest(own)
  return digest(`${own}\n${JSON.stringify([typedOf(table.branches), grown.hashes])}`)
}

/** Whether a row can have had this key: it stands for none, or was cut to be shown, otherwise. */
export function isRealKey(key: string): boolean {
  return key !== shownKey('') && key.length < longestKey
}

function shownKey(key: string): string {
  return key === '' ? '(empty)' : key.slice(0, longestKey)
}

function parseRow(values: Rows[number], { columns }: Table): Record<string, Json> {
  return Object.fromEntries(
    columns.map((column, at) => {
      const cell = values[at] ?? null
      return [column.name, cell === null ? null : parserOf(column)(cell)]
    }),
  )
}
