import type { Cell, RunLimits } from './engine.ts'

/** The rows of one answer, as far as its limits let them through. */
export interface LimitedRows {
  readonly rows: readonly (readonly Cell[])[]
  readonly truncated: boolean
  /** False when the limits are reached: then this row is left out, and so is every later one. */
  add(row: readonly Cell[]): boolean
}

export function limitRows(limits: Pick<RunLimits, 'rows' | 'bytes'>): LimitedRows {
  const rows: (readonly Cell[])[] = []
  let bytes = 0
  let truncated = false
  return {
    rows,
    get truncated() {
      return truncated
    },
    add: (row) => {
      bytes += rowBytes(row)
      truncated ||= rows.length >= limits.rows || bytes > limits.bytes
      if (!truncated) rows.push(row)
      return !truncated
    },
  }
}

/** As JSON text, about: escapes are not counted. */
function rowBytes(row: readonly Cell[]): number {
  return row.reduce<number>((sum, cell) => sum + cellBytes(cell) + 1, 2)
}

function cellBytes(cell: Cell): number {
  if (typeof cell === 'string') return Buffer.byteLength(cell) + 2
  return typeof cell === 'number' ? String(cell).length : 5
}

/** What a double holds for certain of a decimal number. */
const safeDigits = 15

/** Decimal digits as a number where a double holds them all, else as they are. */
export function decimalCell(text: string): number | string {
  const digits = /^[-+]?(?=\.?\d)0*(\d*(?:\.\d*)?)$/.exec(text)?.[1]
  if (digits === undefined) return text
  const significant = digits.replace('.', '').replace(/^0+/, '')
  const kept = digits.includes('.') ? significant.replace(/0+$/, '') : significant
  return kept.length <= safeDigits || Number.isSafeInteger(Number(text)) ? doubleCell(Number(text)) : text
}

/** A double as a cell: what JSON has no number for is text, and zero has no sign. */
export function doubleCell(value: number): number | string {
  if (!Number.isFinite(value)) return String(value)
  return value === 0 ? 0 : value
}

/** `2020-01-31 10:00:00.500000` as `2020-01-31T10:00:00.5`; whatever has another form stays as it is. */
export function timestampCell(text: string): string {
  const [, date, time, decimals = ''] = /^(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?$/.exec(text) ?? []
  if (date === undefined || time === undefined) return text
  const kept = decimals.replace(/0+$/, '')
  return `${date}T${time}${kept === '' ? '' : `.${kept}`}`
}
