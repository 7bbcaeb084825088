import type { z } from 'zod'
import type { AnswerColumn } from '../../../schemas/numbers.ts'
import type { Cell } from '../../semantic/engine.ts'

const types = { text: 'VARCHAR', boolean: 'BOOLEAN', date: 'DATE' } as const

/**
 * DuckDB's type for a column of an answer. A metric is a double whatever its values, so that files of several months fit
 * together, unless a double loses digits; a key is a whole number where all of its values are.
 */
export function parquetType({ kind, type }: z.infer<typeof AnswerColumn>, cells: readonly Cell[]): string {
  if (type === 'timestamp') return cells.some((cell) => /\.\d{7,}$/.test(String(cell))) ? 'TIMESTAMP_NS' : 'TIMESTAMP'
  if (type !== 'number') return types[type]
  if (cells.some((cell) => typeof cell === 'string' && Number.isFinite(Number(cell)))) return decimalType(cells)
  const isWhole = cells.every((cell) => cell === null || Number.isSafeInteger(cell))
  return kind !== 'metric' && isWhole ? 'BIGINT' : 'DOUBLE'
}

/** A decimal for all of these digits; text where there is none so long. */
function decimalType(cells: readonly Cell[]): string {
  let whole = 1
  let decimals = 0
  for (const cell of cells) {
    if (cell === null) continue
    const [, digits, part = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(String(cell)) ?? []
    if (digits === undefined) return 'VARCHAR'
    whole = Math.max(whole, digits.length)
    decimals = Math.max(decimals, part.length)
  }
  return whole + decimals > 38 ? 'VARCHAR' : `DECIMAL(${String(whole + decimals)}, ${String(decimals)})`
}
