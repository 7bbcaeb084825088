import type { NumbersTable } from '../../../schemas/numbers.ts'
import { answerColumns } from './answer-columns.ts'
import { fitColumns } from './fit-columns.ts'
import { noticeLines } from './notice-lines.ts'
import { proofLines } from './proof-lines.ts'
import { seriesLines } from './series-lines.ts'

export interface AnswerView {
  /** Of the terminal; undefined where the text goes to a file or program. */
  readonly width: number | undefined
  /** Where the receipt was written, if it was asked for. */
  readonly receiptFile?: string | undefined
  /** Totals were asked for. */
  readonly totals?: boolean | undefined
}

/** An answer for people: what to know first, the numbers, how they run, and what proves them. */
export function answerText(answer: NumbersTable, view: AnswerView): string {
  const { columns, rows } = answer
  const { lines, notes } = tableLines(answer, view.width)
  const blocks = [
    noticeLines(answer),
    rows.length === 0 ? ['No rows.'] : lines,
    columns.some(({ kind }) => kind === 'metric') ? seriesLines(columns, rows, view.width) : [],
    [
      ...truncation(answer),
      ...(view.totals === true && answer.totals === undefined
        ? ['No totals: without its columns this has no value.']
        : []),
      ...notes,
    ],
    proofLines(answer.receipt, view.receiptFile),
  ]
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')
}

interface Lines {
  readonly lines: readonly string[]
  readonly notes: readonly string[]
}

/** The table, below a rule its totals. */
function tableLines({ columns, rows, totals, truncated, receipt }: NumbersTable, width: number | undefined): Lines {
  const totalRow = totals === undefined ? undefined : placeTotals(columns, totals)
  const texts = answerColumns(columns, totalRow === undefined ? rows : [...rows, totalRow])
  const labelled = texts.columns.map((column, index) => {
    if (totalRow === undefined || columns[index]?.kind === 'metric') return column
    const isPart = truncated || receipt.question.limit !== undefined
    const label = index > 0 ? '' : isPart ? 'total of all' : 'total'
    return { ...column, cells: [...column.cells.slice(0, -1), label] }
  })
  const { lines, leftOut, width: wide } = fitColumns(labelled, width)
  return {
    lines: totalRow === undefined ? lines : [...lines.slice(0, -1), '─'.repeat(wide), ...lines.slice(-1)],
    notes: [
      ...(leftOut.length === 0
        ? []
        : [`Not shown for want of width: ${leftOut.join(', ')}. A wider terminal, --csv or --json shows all.`]),
      ...(texts.rounded.length === 0
        ? []
        : [`Rounded here: ${texts.rounded.join(', ')}. --csv and --json have every digit.`]),
    ],
  }
}

/** Totals are one cell a metric; the columns that they leave out stay empty. */
function placeTotals(
  columns: NumbersTable['columns'],
  totals: NonNullable<NumbersTable['totals']>,
): NumbersTable['rows'][number] {
  let next = 0
  return columns.map(({ kind }) => (kind === 'metric' ? (totals[next++] ?? null) : null))
}

function truncation({ truncated, rows, total_rows: total }: NumbersTable): readonly string[] {
  if (!truncated) return []
  const [shown, all] = [rows.length, total].map((count) => count.toLocaleString('en-US'))
  return [`First ${String(shown)} of ${String(all)} rows. --limit N shows more or fewer, --csv FILE writes them.`]
}
