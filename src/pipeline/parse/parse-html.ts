import { decodeHTML } from 'entities'
import { cleanText, cleanTitle } from './clean-text.ts'
import { isWebUrl } from './front-matter.ts'
import { readHtml } from './read-html.ts'
import type { ParsedDocument, SourceDocument } from './parsed-document.ts'
import { readableName } from './readable-name.ts'

/** A page's own words as Markdown. What no reader sees goes, and so do navigation, header and footer around the content. */
export function parseHtml(document: SourceDocument): ParsedDocument {
  const html = cleanText(document.text)
  const page = readHtml(html)
  // Nested beyond anything a browser would show: the words without their structure.
  if (page === undefined) return { ...base(document), text: cleanText(bareText(html)), frontMatter: {} }
  const title = page.title || page.heading
  return {
    ...base(document),
    ...(title !== '' && { title: cleanTitle(title) }),
    text: cleanText(page.text),
    frontMatter: page.meta,
    ...(page.canonical !== undefined && isWebUrl(page.canonical) && { url: page.canonical }),
  }
}

const base = (document: SourceDocument): Pick<ParsedDocument, 'path' | 'title' | 'mediaType'> => ({
  path: document.path,
  title: cleanTitle(readableName(document.path)),
  mediaType: 'text/markdown',
})

function bareText(html: string): string {
  const bare = html.replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, ' ').replace(/<[^<>]*>/g, ' ')
  return decodeHTML(bare)
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .trim()
}
