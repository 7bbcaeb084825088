import type { Cell } from '../../semantic/engine.ts'

export interface DecimalTexts {
  /** In the cells' order, all with the same number of decimals; null stays null. */
  readonly texts: readonly (string | null)[]
  /** Some of the cells have more digits than are shown. */
  readonly rounded: boolean
}

/** Numbers of a column one below the other; digits are not grouped, so that they can be copied. */
export function decimalTexts(cells: readonly Cell[]): DecimalTexts {
  const plain = cells.map((cell) => (cell === null ? null : plainDecimal(textOf(cell))))
  const decimals = plain.filter((text) => text !== null).filter(isDecimal)
  const most = decimals.reduce((longest, text) => Math.max(longest, decimalsOf(text)), 0)
  const shown = most <= 4 ? most : decimalsToShow(decimals)
  return {
    texts: plain.map((text) => (text === null || !isDecimal(text) ? text : roundDecimal(text, shown))),
    rounded: shown < most,
  }
}

/** Four decimals, or four digits of the largest number where that is below one. */
function decimalsToShow(texts: readonly string[]): number {
  const largest = texts.reduce((most, text) => Math.max(most, Math.abs(Number(text))), 0)
  if (largest >= 1 || largest === 0) return 4
  return Math.min(20, 3 - Math.floor(Math.log10(largest)))
}

/** The last digits of a double are noise of how it was computed: `42693.100000000006` is 42693.1. */
function textOf(cell: Exclude<Cell, null>): string {
  return typeof cell === 'number' && !Number.isInteger(cell) ? String(Number(cell.toPrecision(13))) : String(cell)
}

const isDecimal = (text: string): boolean => /^-?\d+(?:\.\d+)?$/.test(text)

const decimalsOf = (text: string): number => text.split('.')[1]?.length ?? 0

/** `1.5e-7` as `0.00000015`. What is far from one, or no number, stays as it is. */
function plainDecimal(text: string): string {
  const [, sign = '', whole = '', part = '', exponent = ''] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/i.exec(text) ?? []
  const shift = Number(exponent)
  if (whole === '' || Math.abs(shift) > 30) return text
  const digits = whole + part
  const point = whole.length + shift
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** Half away from zero, on the digits themselves: a double would lose some of them. */
function roundDecimal(text: string, decimals: number): string {
  const negative = text.startsWith('-')
  const [whole = '0', part = ''] = text.replace('-', '').split('.')
  const up = (part[decimals] ?? '0') >= '5' ? 1n : 0n
  const digits = String(BigInt(whole + part.slice(0, decimals).padEnd(decimals, '0')) + up).padStart(decimals + 1, '0')
  const sign = negative && /[1-9]/.test(digits) ? '-' : ''
  const point = digits.length - decimals
  return `${sign}${digits.slice(0, point)}${decimals === 0 ? '' : `.${digits.slice(point)}`}`
}
