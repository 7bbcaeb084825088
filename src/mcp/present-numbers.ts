import type { Choice, NumbersTable, Receipt, Refusal } from '../../schemas/numbers.ts'
import { estimateTokens } from '../core/tokens.ts'
import { cleanLine, cleanText } from './untrusted-text.ts'

type Cell = NumbersTable['rows'][number][number]

const longestCell = 200
const longestNotice = 300
const noticeTokens = 700

/** A table as it may be shown, what to know before trusting it first. */
export function presentTable(table: NumbersTable, moreNotices: readonly string[]) {
  const { columns, rows, truncated, total_rows, totals, receipt } = table
  const cut = rows.flat().some((cell) => typeof cell === 'string' && cell.length > longestCell)
  const notices = [
    ...table.notices,
    ...moreNotices,
    ...(cut ? [`Cells of more than ${String(longestCell)} characters are cut.`] : []),
  ]
  return {
    notices: fitNotices(notices.map((notice) => cleanLine(notice, longestNotice))),
    columns,
    rows: rows.map(presentRow),
    truncated,
    total_rows,
    ...(totals === undefined ? {} : { totals: presentRow(totals) }),
    receipt: presentReceipt(receipt),
  }
}

export const presentRow = (row: readonly Cell[]): Cell[] =>
  row.map((cell) => (typeof cell === 'string' ? cleanLine(cell, longestCell) : cell))

/** The gravest come first, so the last are left out. */
function fitNotices(notices: readonly string[]): string[] {
  let room = noticeTokens
  const end = notices.findIndex((notice) => (room -= estimateTokens(notice) + 2) < 0)
  if (end === -1) return [...notices]
  const left = notices.length - end
  return [...notices.slice(0, end), `${String(left)} more notices; describe_metric shows every check.`]
}

/**
 * Whole, for it proves nothing otherwise. Where it quotes text that a reader cannot see, or that could pass for a fence, it
 * is its JSON as text with those characters escaped: the same receipt once parsed.
 */
function presentReceipt(receipt: Receipt): Receipt | string {
  const json = JSON.stringify(receipt)
  if (cleanText(json) === json) return receipt
  return json.replaceAll(/[^\x20-\x7e]|</g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function presentRefusal({ reason, message, nearest }: Refusal) {
  return { reason, message: cleanLine(message, 1000), nearest: nearest.slice(0, 20).map((name) => cleanLine(name)) }
}

export function presentChoice({ asked, options, difference }: Choice) {
  return {
    asked: cleanLine(asked),
    options: options.slice(0, 20).map(({ metric, description, scope, status, value }) => ({
      metric,
      ...(description === null ? {} : { description: cleanLine(description) }),
      ...(scope === null ? {} : { scope: cleanLine(scope) }),
      status,
      value: presentRow([value])[0] ?? null,
    })),
    difference: cleanLine(difference, 500),
  }
}
