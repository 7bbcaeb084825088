import type { Json } from '../../../schemas/record.ts'
import { headingAt, scanRst } from '../chunk/scan-rst.ts'
import { type LineReader, readLines, trimLines } from '../chunk/line-reader.ts'
import { cleanText, cleanTitle } from './clean-text.ts'
import { firstHeading } from './parse-markdown.ts'
import type { ParsedDocument, SourceDocument } from './parsed-document.ts'
import { readableName } from './readable-name.ts'

const titleWithin = 100_000
const mostFields = 100

/** reStructuredText as written; its preamble or first field list is read as well, and stays in the text. */
export function parseRst(document: SourceDocument): ParsedDocument {
  const text = cleanText(document.text)
  const lines = readLines(text)
  const frontMatter = fieldsOf(lines)
  const title = titleFrom(frontMatter) ?? firstHeading(scanRst(text.slice(0, titleWithin)), 1)
  return {
    path: document.path,
    title: cleanTitle(title ?? readableName(document.path)),
    text: trimLines(text),
    mediaType: 'text/x-rst',
    frontMatter,
  }
}

/** Of a Python Enhancement Proposal as its readers cite it, number first. */
function titleFrom(fields: Readonly<Record<string, Json>>): string | undefined {
  const { pep, title } = fields
  if (typeof title !== 'string' || title === '') return undefined
  return typeof pep === 'string' && pep !== '' ? `PEP ${pep} – ${title}` : title
}

const preambleField = /^([A-Za-z][\w -]{0,60}):(?:[ \t]+(.*))?$/
const listField = /^:((?:[^:\\]|\\.){1,60}):(?:[ \t]+(.*))?$/

/** `Name: value` lines at the very start, or a list of `:name: value` there or below the title. */
function fieldsOf(lines: LineReader): Record<string, Json> {
  const first = lines.skipBlank(0)
  const isPreamble = preambleField.test(lines.line(first)) && preambleField.test(lines.line(lines.next(first)))
  if (isPreamble) return takeFields(lines, first, preambleField)
  const heading = headingAt(lines, first)
  const at = heading === undefined ? first : lines.skipBlank(heading.end)
  return takeFields(lines, at, listField)
}

function takeFields(lines: LineReader, from: number, pattern: RegExp): Record<string, Json> {
  const fields = new Map<string, string[]>()
  let open: string[] | undefined
  for (let at = from; at < lines.text.length && !lines.isBlank(at); at = lines.next(at)) {
    const line = lines.line(at).slice(0, 4000)
    if (/^\s/.test(line)) {
      open?.push(line.trim())
      continue
    }
    const found = pattern.exec(line)
    if (found === null || fields.size >= mostFields) break
    open = [(found[2] ?? '').trim()]
    fields.set(snakeName(found[1] ?? ''), open)
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.join(' ').trim()]))
}

const snakeName = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
