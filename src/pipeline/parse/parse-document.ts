import { parseHtml } from './parse-html.ts'
import { parseJson, parseJsonLines } from './parse-json.ts'
import { parseMarkdown } from './parse-markdown.ts'
import { parsePlain } from './parse-plain.ts'
import { parseRst } from './parse-rst.ts'
import type { ParsedDocument, SourceDocument } from './parsed-document.ts'

const parsers: Readonly<Record<string, (document: SourceDocument) => ParsedDocument>> = {
  'text/markdown': parseMarkdown,
  'text/mdx': parseMarkdown,
  'text/x-rst': parseRst,
  'text/html': parseHtml,
  'application/json': parseJson,
  'application/x-ndjson': parseJsonLines,
}

/**
 * A document as it is stored: its title, its text without what nobody sees, and what it says about itself. Any text of
 * any known type parses, in time linear in its length; only JSON that is none is RECORD_INVALID.
 */
export function parseDocument(document: SourceDocument): ParsedDocument {
  const parse = Object.hasOwn(parsers, document.mediaType) ? parsers[document.mediaType] : undefined
  return (parse ?? parsePlain)(document)
}
