import type { Json } from '../../../schemas/record.ts'
import { AquiferError } from '../../core/errors.ts'
import { cleanText, cleanTitle } from './clean-text.ts'
import { textOf, toJson, urlOf } from './front-matter.ts'
import { jsonFault } from './json-fault.ts'
import type { ParsedDocument, SourceDocument } from './parsed-document.ts'
import { prettyJson } from './pretty-json.ts'
import { readableName } from './readable-name.ts'

const longestLine = 200
const mostFields = 100
const longestField = 512

/** JSON as written, or one entry a line where it was minified. Plain values of an object's first level are its fields. */
export function parseJson(document: SourceDocument): ParsedDocument {
  const text = cleanText(document.text).trim()
  const value = parseOrThrow(text, document.path, 1)
  const frontMatter = plainFields(value)
  const url = urlOf(frontMatter)
  const isMinified = text.length / (text.split('\n').length || 1) > longestLine
  return {
    path: document.path,
    title: cleanTitle(textOf(frontMatter, 'title', 'name') ?? readableName(document.path)),
    text: isMinified ? prettyJson(text) : text,
    mediaType: document.mediaType,
    frontMatter,
    ...(url !== undefined && { url }),
  }
}

/** JSON Lines as written, without blank lines. */
export function parseJsonLines(document: SourceDocument): ParsedDocument {
  const kept: string[] = []
  for (const [i, line] of cleanText(document.text).split('\n').entries()) {
    if (line.trim() === '') continue
    parseOrThrow(line, document.path, i + 1)
    kept.push(line)
  }
  return {
    path: document.path,
    title: cleanTitle(readableName(document.path)),
    text: kept.join('\n'),
    mediaType: document.mediaType,
    frontMatter: {},
  }
}

function parseOrThrow(text: string, path: string, firstLine: number): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    // The engine's message quotes the text, so that it is no cause either.
    const before = text.slice(0, jsonFault(text)).split('\n')
    const place = `line ${firstLine + before.length - 1}, column ${(before.at(-1)?.length ?? 0) + 1}`
    throw new AquiferError('RECORD_INVALID', `${path} is not valid JSON at ${place}.`)
  }
}

function plainFields(value: unknown): Record<string, Json> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => isPlain(item) || (Array.isArray(item) && item.length <= mostFields && item.every(isPlain)))
      .slice(0, mostFields)
      .map(([name, item]) => [name, toJson(item)]),
  )
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= longestField
  return typeof value === 'number' || typeof value === 'boolean'
}
