import type { NumbersTable } from '../../../schemas/numbers.ts'
import type { Cell } from '../../semantic/engine.ts'

const partLength = 65_536

/** An answer as RFC 4180 has it, in parts of about 64 KB. Null is empty, empty text is `""`. */
export function* csvParts(
  { columns, rows }: Pick<NumbersTable, 'columns' | 'rows'>,
  lineEnd: '\r\n' | '\n' = '\r\n',
): Generator<string> {
  let part = `${columns.map(({ name }) => field(name)).join(',')}${lineEnd}`
  for (const row of rows) {
    if (part.length >= partLength) {
      yield part
      part = ''
    }
    // A line of one empty field would be no line.
    const line = row.length === 1 && row[0] === null ? '""' : row.map(field).join(',')
    part += `${line}${lineEnd}`
  }
  yield part
}

function field(cell: Cell): string {
  if (cell === null) return ''
  const text = String(cell)
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
