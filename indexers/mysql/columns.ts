import { z } from 'zod'
import type { Json } from '../../schemas/record.ts'
import { parseJson } from '../../src/core/lossless-json.ts'
import { quoteName } from './sql.ts'

/** A column as information_schema describes it. */
export const Column = z.object({
  name: z.string(),
  /** Such as `int`. */
  type: z.string(),
  /** Such as `int(10) unsigned zerofill`. */
  fullType: z.string(),
  charset: z.string().nullable(),
  collation: z.string().nullable(),
  nullable: z.boolean(),
  visible: z.boolean(),
  /** MariaDB's JSON: a text with a check that it is one. */
  json: z.boolean(),
})
export type Column = z.infer<typeof Column>

/** How to read what the server sends of a column as JSON without loss. */
export type ParseCell = (cell: Buffer) => Json

const text: ParseCell = (cell) => cell.toString('utf8')
const number: ParseCell = (cell) => Number(text(cell))
const hex: ParseCell = (cell) => `0x${cell.toString('hex')}`
/** ZEROFILL prints zeros that belong to no number. */
const digits: ParseCell = (cell) => cell.toString('latin1').replace(/^0+(?=\d)/, '')

const parsers: Readonly<Record<string, ParseCell>> = {
  tinyint: number,
  smallint: number,
  mediumint: number,
  int: number,
  year: number,
  bigint: digits,
  decimal: digits,
  float: (cell) => shortest(Number(text(cell)), text(cell)),
  double: (cell) => floating(Number(text(cell)), text(cell)),
  bit: (cell) => {
    const value = BigInt(`0x0${cell.toString('hex')}`)
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value)
  },
  datetime: (cell) => toIso(text(cell) as string, ''),
  timestamp: (cell) => toIso(text(cell) as string, 'Z'),
  json: (cell) => parseJson(text(cell) as string),
  ...Object.fromEntries(
    'binary varbinary tinyblob blob mediumblob longblob vector geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection'
      .split(' ')
      .map((type) => [type, hex]),
  ),
}

export function parserOf({ type, json }: Column): ParseCell {
  return json ? parseJsonCell : (parsers[type] ?? text)
}

const parseJsonCell: ParseCell = (cell) => parseJson(cell.toString('utf8'))

/** A single-precision number, whose exact value prints as seventeen digits, in the fewest that mean it. */
function shortest(value: number, printed: Json): Json {
  for (let precision = 6; precision < 9; precision += 1) {
    const short = Number(value.toPrecision(precision))
    if (Math.fround(short) === value) return floating(short, printed)
  }
  return floating(Number(value.toPrecision(9)), printed)
}

function floating(value: number, printed: Json): Json {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : printed
}

/** Times with a zero for month or day have no ISO form and stay as printed. */
function toIso(printed: string, zone: string): string {
  const [, date, time] = /^(\d{4}-(?!00)\d\d-(?!00)\d\d) ([\d:.]+)$/.exec(printed) ?? []
  return date === undefined || time === undefined ? printed : `${date}T${time}${zone}`
}

/** SQL of a column's value such that nothing is rounded on the way: FLOAT prints as six digits by itself. */
export function columnSql({ name, type }: Column): string {
  return type === 'float' || type === 'double' ? `(${quoteName(name)} + 0e0)` : quoteName(name)
}

/**
 * SQL of a digest over a row. It is computed there so that comparing a table costs the network 64 characters a row, and
 * from a digest of each column, since what is put together may be longer than a packet.
 */
export function rowHashSql(columns: readonly Column[]): string {
  return `sha2(concat(${columns.map((column) => `ifnull(sha2(${columnSql(column)}, 256), '-')`).join(', ')}), 256)`
}
