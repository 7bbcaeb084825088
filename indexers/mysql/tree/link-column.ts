import { invalidSource } from '../../../src/core/source-error.ts'
import type { Place } from '../../../src/core/source-error.ts'
import type { Column } from '../columns.ts'
import { keyColumn } from '../key-column.ts'
import type { KeyColumn } from '../key-column.ts'
import { quoteName } from '../sql.ts'

const types = /^(?:(?:tiny|small|medium|big)?int|(?:var)?char|(?:var)?binary)$/

/** How to read a column by which tables refer to each other; SOURCE_INVALID for one whose values the log does not tell exactly. */
export function linkColumn(place: Place, table: string, column: Column): KeyColumn {
  const found = types.test(column.type) ? keyColumn(column) : `is of type ${column.type}`
  if (typeof found !== 'string') return found
  throw invalidSource(place, `${column.name} of ${table} ${found}, by which tables cannot be tied together`, {
    fix: 'Refer by whole numbers, texts in utf8mb4 or binaries.',
  })
}

/** SQL of a value that compares with the column as another of its values would. */
export function linkLiteral(link: KeyColumn, { collation }: Column, text: string): string {
  const literal = link.literal(text)
  return collation === null ? literal : `${literal} collate ${collation}`
}

export function equalSql(on: readonly (readonly [near: string, own: string])[], near: string, own: string): string {
  return on.map(([before, after]) => `${own}.${quoteName(after)} = ${near}.${quoteName(before)}`).join(' and ')
}
