import type { Hit } from './agent.ts'
import { excerpt } from './excerpt.ts'

const isTerminal = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === ''
const width = Math.min(process.stdout.columns ?? 100, 100)

export function line(text = ''): void {
  process.stdout.write(`${text}\n`)
}

export function heading(text: string): void {
  line(`\n${bold(text)}`)
}

/** Indented, broken between words to the width of the page. */
export function paragraph(text: string, indent: number): void {
  const pad = ' '.repeat(indent)
  let row = ''
  for (const word of text.split(' ')) {
    if (row !== '' && pad.length + row.length + 1 + word.length > width) {
      line(pad + row)
      row = ''
    }
    row = row === '' ? word : `${row} ${word}`
  }
  if (row !== '') line(pad + row)
}

/** A question, and the tool it is put to. */
export function question(text: string): void {
  line(`\n  ${bold(text)}  → search_knowledge`)
}

/** A hit as an answer cites it: what it says, where that stands, and how fresh it is. */
export function citation(hit: Hit, asked: string): void {
  const fields = Object.entries(hit.fields ?? {}).map(([name, value]) => `${name} ${String(value)}`)
  line(`    ${bold(hit.title)}${fields.length === 0 ? '' : ` (${fields.join(', ')})`}`)
  paragraph(`“${excerpt(hit.text, asked, 180)}”`, 6)
  const url = hit.url.startsWith('aquifer:') ? '' : ` · ${hit.url}`
  line(`      ${hit.id}${url} · ${freshness(hit)}`)
}

/** Such as `as of 09:30:12 UTC, 1.2 s ago`. */
export function freshness({ as_of, lag_ms }: { as_of: string | null; lag_ms: number | null }): string {
  if (as_of === null || lag_ms === null) return 'not read yet'
  return `as of ${as_of.slice(11, 19)} UTC, ${(lag_ms / 1000).toFixed(1)} s ago`
}

function bold(text: string): string {
  return isTerminal ? `\u001b[1m${text}\u001b[22m` : text
}
