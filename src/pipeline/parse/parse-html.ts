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
  const bare = withoutScripts(html).replace(/<[^<>]*>/g, ' ')
  return decodeHTML(bare)
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .trim()
}

/** One that is never closed takes the rest of the page, as in a browser. */
function withoutScripts(html: string): string {
  const kept: string[] = []
  const opening = /<(script|style)\b/gi
  let done = 0
  for (let found = opening.exec(html); found !== null; found = opening.exec(html)) {
    kept.push(html.slice(done, found.index))
    const closing = new RegExp(`</${found[1] ?? ''}\\s*>`, 'gi')
    closing.lastIndex = opening.lastIndex
    done = closing.test(html) ? closing.lastIndex : html.length
    opening.lastIndex = done
  }
  return kept.join('') + html.slice(done)
}
