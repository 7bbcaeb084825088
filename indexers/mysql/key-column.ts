import type { Column } from './columns.ts'
import { bytesSql, quoteName, textSql } from './sql.ts'

/** A column of a key, whose values the log and SQL have to give the same text. */
export interface KeyColumn {
  readonly name: string
  /** SQL of its text. */
  readonly textSql: string
  /** Whether its text may hold what JSON has to escape. */
  readonly isFree: boolean
  /** SQL of the value that has this text, to compare the column with through its index. */
  readonly literal: (text: string) => string
  /** The text of a value from the log; undefined for what cannot be told exactly. */
  readonly read: (value: unknown) => string | undefined
}

/** Character sets whose texts the log's reader decodes as the server does. */
const exactCharsets = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'latin1', 'ucs2', 'utf16', 'utf16le', 'utf32'])

/** How to read a column of a key; a text says why its values could not be told exactly from the log. */
export function keyColumn(column: Column): KeyColumn | string {
  const { name, type, fullType } = column
  const own = quoteName(name)
  const base = { name, isFree: false, textSql: `cast(${own} as char)` }
  switch (type) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return { ...base, textSql: `cast(${own} + 0 as char)`, literal: plainNumber, read: readInteger }
    case 'decimal':
      if (fullType.includes('zerofill')) return 'is a DECIMAL with ZEROFILL'
      return { ...base, literal: plainNumber, read: (value) => readMatching(value, /^-?\d+(?:\.\d+)?$/) }
    case 'year':
      // The log counts years from 1900, and knows no other sign of the year 0000.
      return { ...base, literal: plainNumber, read: (value) => (value === 1900 ? '0000' : readInteger(value)) }
    case 'date':
    case 'datetime':
    case 'time':
      return { ...base, literal: plainTime, read: (value) => readMatching(value, timePattern) }
    case 'timestamp':
      // A time after 2038, which newer MariaDBs have, overflows to one before 1970, which none has.
      return { ...base, literal: plainTime, read: (value) => readMatching(value, /^(?:0000|19[7-9]|2)[-\d:. ]+$/) }
    case 'char':
    case 'varchar':
      return textColumn(column)
    case 'binary':
    case 'varbinary':
      return {
        ...base,
        textSql: `concat('0x', lower(hex(${own})))`,
        literal: (text) => bytesSql(Buffer.from(text.slice(2), 'hex')),
        read: (value) => (Buffer.isBuffer(value) ? `0x${value.toString('hex')}` : undefined),
      }
    case 'enum':
      return enumColumn(column)
    default:
      return `is of type ${type}`
  }
}

function textColumn({ name, charset }: Column): KeyColumn | string {
  if (charset === null || !exactCharsets.has(charset)) return `has the character set ${charset ?? 'binary'}`
  return {
    name,
    textSql: `convert(${quoteName(name)} using utf8mb4)`,
    isFree: true,
    literal: (text) => `convert(${textSql(text)} using ${charset})`,
    read: (value) => (typeof value !== 'string' ? undefined : charset === 'latin1' ? fromLatin1(value) : value),
  }
}

/** What the server calls latin1 is Windows 1252. The log's reader is told to hand over its bytes, one a character. */
function fromLatin1(bytes: string): string {
  return windows1252.decode(Buffer.from(bytes, 'latin1'))
}

const windows1252 = new TextDecoder('windows-1252')

/** Compared by number, as its index is ordered. */
function enumColumn({ name, fullType }: Column): KeyColumn | string {
  const values = [...fullType.matchAll(/'((?:[^']|'')*)'/g)].map(([, value = '']) => value)
  // Without full metadata the log's reader splits the list at its commas.
  if (values.some((value) => !/^[^,'"\\]+$/.test(value))) return 'is an ENUM whose values hold commas or quotes'
  return {
    name,
    textSql: `convert(${quoteName(name)} using utf8mb4)`,
    isFree: true,
    literal: (text) => String(values.indexOf(text) + 1),
    // What was no value of the list has the number 0 and the text ''.
    read: (value) => (value === undefined ? '' : typeof value === 'string' ? value : undefined),
  }
}

const timePattern = /^[-\d:. ]+$/

function plainNumber(text: string): string {
  if (!/^-?\d+(?:\.\d+)?$/.test(text)) throw new TypeError('not a number')
  return text
}

function plainTime(text: string): string {
  if (!timePattern.test(text)) throw new TypeError('not a time')
  return `'${text}'`
}

function readInteger(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : readMatching(value, /^-?\d+$/)
}

function readMatching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined
}

/** The key of a row, from the texts of its columns: one column's own, or a JSON array of them. */
export function keyOf(texts: readonly string[]): string {
  const [only, ...more] = texts
  return only !== undefined && more.length === 0 ? only : JSON.stringify(texts)
}

/** SQL of the same, byte for byte as JSON.stringify writes it. */
export function keySql(columns: readonly KeyColumn[]): string {
  const [only, ...more] = columns
  if (only !== undefined && more.length === 0) return only.textSql
  const items = columns.map(({ textSql, isFree }) => `'"', ${isFree ? escapedSql(textSql) : textSql}, '"'`)
  return `concat('[', ${items.join(`, ',', `)}, ']')`
}

const escapes: readonly (readonly [code: number, escaped: string])[] = [
  [0x5c, '\\\\'],
  [0x22, '\\"'],
  ...Array.from(
    { length: 0x20 },
    (_, code) => [code, JSON.stringify(String.fromCodePoint(code)).slice(1, -1)] as const,
  ),
]

function escapedSql(sql: string): string {
  const replaced = escapes.reduce(
    (text, [code, escaped]) => `replace(${text}, ${textSql(String.fromCodePoint(code))}, ${textSql(escaped)})`,
    sql,
  )
  // Few texts hold any of them, and looking for one is cheaper than looking for each.
  return `if(${sql} regexp '[[:cntrl:]"\\\\\\\\]', ${replaced}, ${sql})`
}
