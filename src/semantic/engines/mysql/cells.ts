import { decimalCell, doubleCell, timestampCell } from '../../engine-rows.ts'
import type { Cell, ColumnType, EngineResult } from '../../engine.ts'

/** One column as the server describes it. */
export interface Field {
  readonly name: string
  readonly columnType: number
  readonly columnLength: number
}

interface CellType {
  readonly type: ColumnType
  readonly parse: (value: unknown) => Cell
}

const text: CellType = {
  type: 'text',
  parse: (value) => (Buffer.isBuffer(value) ? `0x${value.toString('hex')}` : String(value)),
}
const number: CellType = { type: 'number', parse: (value) => doubleCell(Number(value)) }
const digits: CellType = { type: 'number', parse: (value) => decimalCell(String(value)) }
const single: CellType = { type: 'number', parse: (value) => doubleCell(shortestSingle(Number(value))) }
const truth: CellType = { type: 'boolean', parse: (value) => Number(value) !== 0 }
const bits: CellType = { type: 'number', parse: (value) => decimalCell(bitsOf(value).toString()) }
const bit: CellType = { type: 'boolean', parse: (value) => bitsOf(value) !== 0n }
const date: CellType = { type: 'date', parse: String }
const timestamp: CellType = { type: 'timestamp', parse: (value) => timestampCell(String(value)) }

/** By the protocol's number of the type; everything else is text. */
const types: Readonly<Record<number, CellType>> = {
  0: digits,
  1: number,
  2: number,
  3: number,
  4: single,
  5: number,
  7: timestamp,
  8: digits,
  9: number,
  10: date,
  12: timestamp,
  13: number,
  14: date,
  16: bits,
  246: digits,
}

const tiny = 1
const bitField = 16

/** The servers have no boolean: TINYINT(1), which `boolean` is a name for, and BIT(1) are taken for one. */
function typeOf({ columnType, columnLength }: Field): CellType {
  if (columnLength === 1 && columnType === tiny) return truth
  if (columnLength === 1 && columnType === bitField) return bit
  return types[columnType] ?? text
}

function bitsOf(value: unknown): bigint {
  return Buffer.isBuffer(value) && value.length > 0 ? BigInt(`0x${value.toString('hex')}`) : 0n
}

/** The shortest decimal number that is this 32-bit one: 0.1, not 0.10000000149011612. */
function shortestSingle(value: number): number {
  for (const precision of [6, 7, 8]) {
    const shorter = Number(value.toPrecision(precision))
    if (Math.fround(shorter) === value) return shorter
  }
  return value
}

export interface RowReader {
  readonly columns: EngineResult['columns']
  read(row: readonly unknown[]): readonly Cell[]
}

export function readerOf(fields: readonly Field[]): RowReader {
  const cells = fields.map(typeOf)
  return {
    columns: fields.map(({ name }, index) => ({ name, type: cells[index]?.type ?? 'text' })),
    read: (row) => row.map((value, index) => (value === null ? null : (cells[index] ?? text).parse(value))),
  }
}
