import type { Json } from '../../../schemas/record.ts'
import type { Mapping } from '../../core/mapping.ts'
import { cleanText, cleanTitle } from '../parse/clean-text.ts'
import type { ParsedDocument } from '../parse/parsed-document.ts'
import { fieldsOf } from './fields-of.ts'
import type { Mapped } from './mapped.ts'
import { parseVector } from './parse-vector.ts'
import { readersOf } from './readers-of.ts'
import { renderTemplate } from './template.ts'
import { renderUrl } from './template-url.ts'

// Of these a template around the text makes something that no longer parses.
const rigid = new Set(['application/json', 'application/x-ndjson', 'text/csv', 'text/tab-separated-values'])

/**
 * A document as a record. Templates may name `path`, `title`, `text` and whatever the document says about itself; what
 * this one does not say is empty, for the next one may.
 */
export function mapDocument(parsed: ParsedDocument, mapping: Mapping): Mapped {
  const own: Readonly<Record<string, Json>> = { path: parsed.path, title: parsed.title, text: parsed.text }
  const lookup = (name: string): Json | undefined => {
    if (Object.hasOwn(own, name)) return own[name]
    return Object.hasOwn(parsed.frontMatter, name) ? parsed.frontMatter[name] : undefined
  }
  const title = mapping.title === undefined ? parsed.title : renderTemplate(mapping.title, lookup)
  const text = mapping.text === undefined ? parsed.text : cleanText(renderTemplate(mapping.text, lookup)).trim()
  const isRewritten = text !== parsed.text && rigid.has(parsed.mediaType)
  const vector = mapping.vector === undefined ? undefined : parseVector(lookup(mapping.vector) ?? null, mapping.vector)
  return {
    title: cleanTitle(title) || parsed.title,
    text,
    mediaType: isRewritten ? 'text/plain' : parsed.mediaType,
    url: mapping.url === undefined ? (parsed.url ?? '') : renderUrl(mapping.url, lookup),
    ...fieldsOf(mapping.fields, lookup),
    acl: readersOf(mapping.acl, lookup),
    ...(vector !== undefined && { vector }),
  }
}
