import { decimalCell } from '../engine-rows.ts'
import type { Cell } from '../engine.ts'
import { notProven } from './not-proven.ts'

/** The sum of what is there, in decimals, as the engines give numbers; null of nothing. */
export function addNumbers(cells: readonly Cell[]): Cell {
  const present = cells.filter((cell) => cell !== null)
  if (present.length === 0) return null
  const decimals = present.map(readDecimal)
  const scale = Math.max(...decimals.map((one) => one.scale))
  const total = decimals.reduce((sum, one) => sum + one.digits * 10n ** BigInt(scale - one.scale), 0n)
  const sum = decimalCell(write(total, scale))
  if (typeof sum === 'number' || present.some((cell) => typeof cell === 'string')) return sum
  // More digits than a decimal number would be shown with: these are doubles.
  if (decimals.some(({ digits }) => String(digits).replace('-', '').length > 15)) return Number(sum)
  return notProven('a sum of decimals or of doubles')
}

interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

function readDecimal(cell: Exclude<Cell, null>): Decimal {
  const found = /^(-?)(\d+)(?:\.(\d+))?(?:e([-+]\d+))?$/.exec(String(cell))
  if (found === null || typeof cell === 'boolean') return notProven('a number that cannot be added')
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] = found
  const scale = fraction.length - Number(exponent)
  const digits = BigInt(`${sign}${whole}${fraction}`)
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale }
}

function write(digits: bigint, scale: number): string {
  const sign = digits < 0n ? '-' : ''
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
  if (scale === 0) return sign + text
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
}
