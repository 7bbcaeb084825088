import type { z } from 'zod'
import type { AnswerColumn } from '../../../schemas/numbers.ts'
import type { Cell } from '../../semantic/engine.ts'
import { decimalTexts } from './decimal-texts.ts'
import { timeTexts } from './time-texts.ts'

/** A column of an answer as text. */
export interface TextColumn {
  readonly name: string
  readonly align: 'left' | 'right'
  /** Text may be cut where the terminal is narrow; a number or a date never. */
  readonly cuttable: boolean
  readonly cells: readonly string[]
}

export interface TextColumns {
  readonly columns: readonly TextColumn[]
  /** Columns whose numbers have more digits than are shown. */
  readonly rounded: readonly string[]
}

/** What stands for null. */
export const nothing = '·'

/** Columns as text; the last cell of each may be its total. */
export function answerColumns(
  columns: readonly z.infer<typeof AnswerColumn>[],
  rows: readonly (readonly Cell[])[],
): TextColumns {
  const rounded: string[] = []
  const texts = columns.map(({ name, kind, type }, index): TextColumn => {
    const cells = rows.map((row) => row[index] ?? null)
    if (type === 'number') {
      const decimals = decimalTexts(cells)
      if (decimals.rounded) rounded.push(name)
      return { name, align: 'right', cuttable: false, cells: shown(decimals.texts) }
    }
    if (type === 'date' || type === 'timestamp') {
      return { name, align: 'left', cuttable: false, cells: shown(timeTexts(name, cells)) }
    }
    const align = kind === 'metric' ? 'right' : 'left'
    return { name, align, cuttable: true, cells: shown(cells.map((cell) => (cell === null ? null : oneLine(cell)))) }
  })
  return { columns: texts, rounded }
}

const shown = (texts: readonly (string | null)[]): readonly string[] => texts.map((text) => text ?? nothing)

/** Text of a source on one line; empty text can be told from nothing. */
function oneLine(cell: string | number | boolean): string {
  const text = String(cell).replace(/\s+/g, ' ')
  return text.trim() === '' ? '""' : text
}
