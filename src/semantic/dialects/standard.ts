import type { FunctionName } from '../condition/tree.ts'
import type { Order } from '../sql/sql.ts'

export const doubleQuoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text of ours (a time zone's name, a grain) as a literal; values of callers are parameters. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

export const parts = (table: string, identifier: (name: string) => string): string =>
  table.split('.').map(identifier).join('.')

export const standardCall = (name: FunctionName, args: readonly string[]): string =>
  `${name === 'length' ? 'CHAR_LENGTH' : name.toUpperCase()}(${args.join(', ')})`

export const nullsLast = (sql: string, { descending }: Order): string =>
  `${sql} ${descending ? 'DESC' : 'ASC'} NULLS LAST`
