import { trimLines } from '../chunk/line-reader.ts'
import type { Block } from '../chunk/block.ts'
import { scanMarkdown } from '../chunk/scan-markdown.ts'
import type { Section } from '../chunk/section.ts'
import { cleanText, cleanTitle } from './clean-text.ts'
import { splitFences } from './code-fences.ts'
import { splitFrontMatter, textOf, urlOf } from './front-matter.ts'
import { dedentMdx, dropModules } from './mdx-source.ts'
import type { ParsedDocument, SourceDocument } from './parsed-document.ts'
import { readableName } from './readable-name.ts'
import { stripMarkup } from './strip-markup.ts'

// The title of a longer text stands nearer to its start than this.
const titleWithin = 100_000

/** Markdown and MDX: the text as written, without front matter, comments, tags of HTML and, in MDX, JSX and modules. */
export function parseMarkdown(document: SourceDocument): ParsedDocument {
  const isJsx = document.mediaType === 'text/mdx'
  const { frontMatter, body } = splitFrontMatter(cleanText(document.text))
  const source = isJsx ? dedentMdx(body) : body
  const plain = splitFences(source)
    .map((part) => (part.isCode ? part.text : tidy(stripMarkup(isJsx ? dropModules(part.text) : part.text, isJsx))))
    .join('')
  const text = withDescription(trimLines(plain), textOf(frontMatter, 'description', 'summary'))
  const title = textOf(frontMatter, 'title') ?? firstHeading(scanMarkdown(plain.slice(0, titleWithin)), 1)
  const url = urlOf(frontMatter)
  return {
    path: document.path,
    title: cleanTitle(title ?? readableName(document.path)),
    // A character that was written as an entity is cleaned only now.
    text: cleanText(text),
    mediaType: 'text/markdown',
    frontMatter,
    ...(url !== undefined && { url }),
  }
}

/** At most one blank line at a time. */
function tidy(text: string): string {
  const lines = text.split('\n').map((line) => (line.trim() === '' ? '' : line))
  return lines.filter((line, i) => line !== '' || lines[i - 1] !== '' || i === lines.length - 1).join('\n')
}

/** Generators show the description above the text, and nothing says better what a page is about. */
function withDescription(text: string, description: string | undefined): string {
  if (description === undefined || text.includes(description)) return text
  return `${description}\n\n${text}`.trimEnd()
}

/** The first heading of this rank or stronger. */
export function firstHeading(blocks: readonly Block[], level: number): string | undefined {
  for (const { section, opens } of blocks) {
    if (opens === undefined) continue
    for (let at: Section | undefined = section; at !== undefined; at = at.parent) {
      if (at.level <= level && at.heading !== '') return at.heading
    }
  }
  return undefined
}
