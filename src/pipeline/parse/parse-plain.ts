import { trimLines } from '../chunk/line-reader.ts'
import { cleanText, cleanTitle } from './clean-text.ts'
import type { ParsedDocument, SourceDocument } from './parsed-document.ts'
import { readableName } from './readable-name.ts'

/** Text, and tables as text: as it is, named after its file. */
export function parsePlain(document: SourceDocument): ParsedDocument {
  return {
    path: document.path,
    title: cleanTitle(readableName(document.path)),
    text: trimLines(cleanText(document.text)),
    mediaType: document.mediaType,
    frontMatter: {},
  }
}
