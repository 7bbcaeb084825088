import stringWidth from 'string-width'
import { plainText } from '../plain-text.ts'
import type { TextColumn } from './answer-columns.ts'

/** A table as lines: the head, then a line a row. */
export interface FittedTable {
  readonly lines: readonly string[]
  readonly width: number
  /** Columns that the width has no room for. */
  readonly leftOut: readonly string[]
}

const gap = 2
/** Names and texts are cut to no less. */
const shortest = 8

/** Columns side by side, within `width` where there is one: names and texts are cut first, then columns left out. */
export function fitColumns(columns: readonly TextColumn[], width: number | undefined): FittedTable {
  const sizes = columns.map(sizesOf)
  const kept = howMany(sizes, width)
  const widths = share(sizes.slice(0, kept), width)
  const lineOf = (cells: readonly string[]): string =>
    columns
      .slice(0, kept)
      .map(({ align }, index) => pad(cells[index] ?? '', widths[index] ?? 0, align))
      .join(' '.repeat(gap))
      .trimEnd()
  const rows = (columns[0]?.cells ?? []).map((_, row) => columns.map(({ cells }) => cells[row] ?? ''))
  return {
    lines: [columns.map(({ name }) => name), ...rows].map(lineOf),
    width: sum(widths) + gap * (widths.length - 1),
    leftOut: columns.slice(kept).map(({ name }) => name),
  }
}

interface Sizes {
  readonly least: number
  readonly whole: number
}

function sizesOf({ name, cells, cuttable }: TextColumn): Sizes {
  const head = stringWidth(name)
  const body = cells.reduce((most, cell) => Math.max(most, stringWidth(plainText(cell))), 0)
  const whole = Math.max(head, body)
  const least = cuttable ? Math.min(whole, shortest) : Math.max(body, Math.min(head, shortest))
  return { least, whole }
}

/** At least one. */
function howMany(sizes: readonly Sizes[], width: number | undefined): number {
  if (width === undefined) return sizes.length
  let used = -gap
  const over = sizes.findIndex(({ least }) => {
    used += gap + least
    return used > width
  })
  return over === -1 ? sizes.length : Math.max(1, over)
}

/** The widest columns give way first. */
function share(sizes: readonly Sizes[], width: number | undefined): readonly number[] {
  const widths = sizes.map(({ whole }) => whole)
  if (width === undefined) return widths
  for (let over = sum(widths) + gap * (widths.length - 1) - width; over > 0; over -= 1) {
    const widest = widths
      .map((size, index) => ({ size, index, slack: size - (sizes[index]?.least ?? size) }))
      .filter(({ slack }) => slack > 0)
      .toSorted((a, b) => b.size - a.size)[0]
    if (widest === undefined) break
    widths[widest.index] = widest.size - 1
  }
  return widths
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0)

function pad(cell: string, width: number, align: TextColumn['align']): string {
  const text = cut(plainText(cell), width)
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)))
  return align === 'right' ? space + text : text + space
}

const letters = new Intl.Segmenter()

function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  let kept = ''
  for (const { segment } of letters.segment(text)) {
    if (stringWidth(kept + segment) > width - 1) break
    kept += segment
  }
  return `${kept}…`
}
