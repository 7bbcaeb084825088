import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api'
import { decimalCell, doubleCell, timestampCell } from '../../engine-rows.ts'
import type { Cell, ColumnType } from '../../engine.ts'

const T = DuckDBTypeId

const types: Partial<Record<DuckDBTypeId, ColumnType>> = {
  [T.BOOLEAN]: 'boolean',
  [T.TINYINT]: 'number',
  [T.SMALLINT]: 'number',
  [T.INTEGER]: 'number',
  [T.BIGINT]: 'number',
  [T.HUGEINT]: 'number',
  [T.UTINYINT]: 'number',
  [T.USMALLINT]: 'number',
  [T.UINTEGER]: 'number',
  [T.UBIGINT]: 'number',
  [T.UHUGEINT]: 'number',
  [T.BIGNUM]: 'number',
  [T.FLOAT]: 'number',
  [T.DOUBLE]: 'number',
  [T.DECIMAL]: 'number',
  [T.DATE]: 'date',
  [T.TIMESTAMP]: 'timestamp',
  [T.TIMESTAMP_S]: 'timestamp',
  [T.TIMESTAMP_MS]: 'timestamp',
  [T.TIMESTAMP_NS]: 'timestamp',
  [T.TIMESTAMP_TZ]: 'timestamp',
}

/** Lists, structs, intervals, times, blobs and whatever else there is are text. */
export function columnType(type: DuckDBTypeId): ColumnType {
  return types[type] ?? 'text'
}

/** How values of a column of this type become cells. */
export function cellReader(type: DuckDBTypeId): (value: DuckDBValue) => Cell {
  return type === T.FLOAT ? floatCell : toCell
}

/** The shortest number that is this one in single precision, as databases print it. */
function floatCell(value: DuckDBValue): Cell {
  if (typeof value !== 'number' || !Number.isFinite(value)) return toCell(value)
  const shortest = [6, 7, 8].map((digits) => Number(value.toPrecision(digits)))
  return doubleCell(shortest.find((short) => Math.fround(short) === value) ?? value)
}

function toCell(value: DuckDBValue): Cell {
  if (typeof value === 'number') return doubleCell(value)
  if (typeof value === 'bigint') return decimalCell(String(value))
  return typeof value === 'object' && value !== null ? objectCell(value) : value
}

function objectCell(value: DuckDBValue & object): Cell {
  if (value instanceof DuckDBDecimalValue) return decimalCell(value.toString())
  if (value instanceof DuckDBDateValue) return value.toString()
  // The library would print it in the time zone of this machine.
  if (value instanceof DuckDBTimestampTZValue) return timestampCell(new DuckDBTimestampValue(value.micros).toString())
  if (timestamps.some((timestamp) => value instanceof timestamp)) return timestampCell(String(value))
  return String(value)
}

const timestamps = [
  DuckDBTimestampValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
]
