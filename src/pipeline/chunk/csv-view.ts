import { parse } from 'csv-parse/sync'

const longestRecord = 1_000_000
const delimiters = [',', ';', '\t', '|']

/**
 * A table as its rows with every value named, `column: value`, a blank line between rows: by meaning this is found
 * markedly better than lines of commas. A text that is no table comes back as it is.
 */
export function csvView(text: string, mediaType: string): string {
  const delimiter = mediaType === 'text/tab-separated-values' ? '\t' : likelyDelimiter(text)
  const rows = readRows(text, delimiter)
  if (rows === undefined) return text
  const [first = []] = rows
  if (rows.length < 2 || !isHeader(first)) return rows.map((row) => row.map(inline).join(' | ')).join('\n\n')
  const names = first.map((name, i) => inline(name) || `column ${i + 1}`)
  const views = rows.slice(1).map((row) => viewOf(names, row))
  const empty = names.filter((_, i) => rows.every((row) => row === first || inline(row[i] ?? '') === ''))
  return [...views, empty.length > 0 ? `no values: ${empty.join(' | ')}` : '']
    .filter((view) => view !== '')
    .join('\n\n')
}

function viewOf(names: readonly string[], row: readonly string[]): string {
  return row
    .map((value, i) => ({ name: names[i] ?? `column ${i + 1}`, value: inline(value) }))
    .filter(({ value }) => value !== '')
    .map(({ name, value }) => `${name}: ${value}`)
    .join('\n')
}

const inline = (value: string): string => value.replace(/\s+/g, ' ').trim()

/** Malformed rows are taken as they are; an unclosed quote makes quotes ordinary characters. */
function readRows(text: string, delimiter: string): string[][] | undefined {
  for (const quote of ['"', null]) {
    try {
      return parse(text, {
        delimiter,
        quote,
        relax_quotes: true,
        relax_column_count: true,
        skip_empty_lines: true,
        max_record_size: longestRecord,
      })
    } catch {
      continue
    }
  }
  return undefined
}

function likelyDelimiter(text: string): string {
  const line = text.slice(0, Math.min(10_000, text.indexOf('\n') >>> 0))
  const count = (delimiter: string): number => line.split(delimiter).length
  return delimiters.toSorted((a, b) => count(b) - count(a))[0] ?? ','
}

/** Names are filled in, all different, and none is a number or a date. */
function isHeader(row: readonly string[]): boolean {
  const names = row.map((name) => name.trim())
  return (
    new Set(names).size === names.length &&
    names.every((name) => name !== '' && !/^[-+]?[\d.,:/\sTZ%$€£-]+$/.test(name))
  )
}
