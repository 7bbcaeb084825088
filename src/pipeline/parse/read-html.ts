import { Parser } from 'htmlparser2'
import { openMarkdownWriter } from './markdown-writer.ts'

export interface HtmlPage {
  readonly title: string
  /** Text of the first h1. */
  readonly heading: string
  readonly text: string
  readonly meta: Readonly<Record<string, string>>
  readonly canonical: string | undefined
}

// The parser's work grows with depth; no page that people read comes near.
const deepest = 256

const dropped = new Set(
  'script style noscript template svg math iframe object embed canvas audio video nav button select input textarea dialog'.split(
    ' ',
  ),
)
/** Around the content they belong to the site, inside it to the content. */
const frame = new Set(['header', 'footer', 'aside'])
const named = new Set(['description', 'author', 'keywords'])

/** Reads a page in one pass; undefined when it is nested too deep. */
export function readHtml(html: string): HtmlPage | undefined {
  const writer = openMarkdownWriter()
  const meta: Record<string, string> = {}
  let canonical: string | undefined
  let title: string | undefined
  let inTitle = false
  let depth = 0
  let droppedAt: number | undefined
  let contentAt: number | undefined

  const readHead = (name: string, attributes: Readonly<Record<string, string>>): void => {
    const { content, lang } = attributes
    const metaName = (attributes['name'] ?? attributes['property'] ?? '').toLowerCase()
    if (name === 'html' && lang !== undefined && lang !== '') meta['lang'] ??= lang
    if (name === 'link' && attributes['rel']?.toLowerCase() === 'canonical') canonical ??= attributes['href']
    if (name === 'meta' && content !== undefined && named.has(metaName)) meta[metaName] ??= content.trim()
  }

  const parser = new Parser({
    onopentag(name, attributes) {
      if (++depth > deepest) throw new TooDeep()
      readHead(name, attributes)
      if (droppedAt !== undefined) return
      if (dropped.has(name) || isHidden(name, attributes) || (frame.has(name) && contentAt === undefined)) {
        droppedAt = depth
        return
      }
      if (name === 'title') inTitle = title === undefined
      else writer.open(name, attributes)
      if (contentAt === undefined && isMain(name, attributes)) {
        contentAt = depth
        writer.content(true)
      }
    },
    ontext(text) {
      if (droppedAt !== undefined) return
      if (inTitle) title = `${title ?? ''}${text}`
      else writer.text(text)
    },
    onclosetag(name) {
      if (droppedAt === undefined && name !== 'title') writer.close(name)
      if (name === 'title') inTitle = false
      if (droppedAt === depth) droppedAt = undefined
      if (contentAt === depth) {
        contentAt = undefined
        writer.content(false)
      }
      depth--
    },
  })
  try {
    parser.write(html)
    parser.end()
  } catch (error) {
    if (error instanceof TooDeep) return undefined
    throw error
  }
  return {
    title: (title ?? '').replace(/\s+/g, ' ').trim(),
    heading: writer.heading(),
    text: writer.done(),
    meta,
    canonical,
  }
}

class TooDeep extends Error {}

const isMain = (name: string, attributes: Readonly<Record<string, string>>): boolean =>
  name === 'main' || name === 'article' || attributes['role'] === 'main'

/** Hidden from readers; panels of tabs are shown when chosen. */
function isHidden(name: string, attributes: Readonly<Record<string, string>>): boolean {
  // A page as a whole is hidden only until its scripts have run.
  if (name === 'html' || name === 'body') return false
  if (/(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(attributes['style']?.slice(0, 1000) ?? ''))
    return true
  if (attributes['role'] === 'tabpanel') return false
  const hidden = attributes['hidden']
  return (hidden !== undefined && hidden !== 'until-found') || attributes['aria-hidden'] === 'true'
}
