import { openTableWriter, type TableWriter } from './table-writer.ts'

/** Turns the tags and texts of a page, as they come, into Markdown: headings, lists, code and tables, no inline marks. */
export interface MarkdownWriter {
  open(name: string, attributes: Readonly<Record<string, string>>, isContent: boolean): void
  text(text: string): void
  close(name: string): void
  heading(): string
  done(): string
}

const breaking = new Set(
  `address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5
  h6 header hr html legend li main ol p pre section summary table tbody tfoot thead ul caption tr`.split(/\s+/),
)
const mostNested = 8

interface Block {
  readonly isContent: boolean
  /** Which list of the page it is an item of. */
  readonly list: number | undefined
  readonly text: string
}

export function openMarkdownWriter(): MarkdownWriter {
  const blocks: Block[] = []
  const lists: { ordered: boolean; count: number }[] = []
  let table: TableWriter | undefined
  let tableDepth = 0
  let listCount = 0
  let preDepth = 0
  let language = ''
  let prefix = ''
  let heading: string | undefined
  let isContent = false
  let words: string[] = []

  const add = (text: string, list?: number): void => {
    if (text !== '') blocks.push({ isContent, list, text })
  }
  const flush = (): void => {
    const text = collapse(words.join(''))
    words = []
    if (text === '') return
    if (prefix.startsWith('# ')) heading ??= text
    if (table === undefined) add(prefix + text, lists.length > 0 && !prefix.startsWith('#') ? listCount : undefined)
    else table.text(prefix.startsWith('#') ? `${text}:` : text)
    prefix = lists.length > 0 ? '  '.repeat(Math.min(lists.length, mostNested)) : ''
  }
  const flushCode = (): void => {
    const code = words.join('').replace(/^\n/, '').trimEnd()
    words = []
    if (code === '') return
    if (table !== undefined) table.text(code)
    else add(fenced(code, language))
  }
  const item = (): void => {
    const list = lists.at(-1) ?? { ordered: false, count: 0 }
    list.count++
    const indent = '  '.repeat(Math.min(Math.max(0, lists.length - 1), mostNested))
    prefix = `${indent}${list.ordered ? `${list.count}.` : '-'} `
  }

  return {
    open(name, attributes, content) {
      if (preDepth > 0) {
        if (name === 'br') words.push('\n')
        if (name === 'code') language ||= languageOf(attributes)
        if (name === 'pre') preDepth++
        return
      }
      if (breaking.has(name)) flush()
      isContent = content
      if (name === 'pre') {
        preDepth = 1
        language = languageOf(attributes)
      } else if (name === 'ul' || name === 'ol') {
        if (lists.length === 0) listCount++
        lists.push({ ordered: name === 'ol', count: 0 })
      } else if (name === 'li') item()
      else if (/^h[1-6]$/.test(name)) prefix = `${'#'.repeat(Number(name[1]))} `
      else if (name === 'table') {
        if (tableDepth++ === 0) table = openTableWriter()
      } else if (name === 'tr' && tableDepth === 1) table?.row()
      else if ((name === 'td' || name === 'th') && tableDepth === 1) {
        flush()
        table?.cell(name === 'th')
      } else if (name === 'td' || name === 'th') words.push(' ')
      else if (name === 'br') words.push('\n')
      else if (name === 'code' || name === 'kbd' || name === 'samp') words.push('`')
      else if (name === 'img') words.push(` ${attributes['alt'] ?? ''} `)
    },
    text(text) {
      words.push(preDepth > 0 ? text : text.replace(/\s+/g, ' '))
    },
    close(name) {
      if (preDepth > 0) {
        if (name !== 'pre' || --preDepth > 0) return
        flushCode()
        return
      }
      if (breaking.has(name)) flush()
      if (name === 'ul' || name === 'ol') lists.pop()
      if (/^h[1-6]$/.test(name) || name === 'li' || lists.length === 0) prefix = ''
      if (name === 'code' || name === 'kbd' || name === 'samp') words.push('`')
      if ((name === 'td' || name === 'th') && tableDepth === 1) flush()
      if (name === 'table' && tableDepth > 0 && --tableDepth === 0) {
        const text = table?.done() ?? ''
        table = undefined
        add(text)
      }
    },
    heading: () => heading ?? '',
    done() {
      if (preDepth > 0) flushCode()
      else flush()
      if (table !== undefined) add(table.done())
      const own = blocks.filter((block) => block.isContent)
      return joined(own.length > 0 ? own : blocks)
    },
  }
}

/** A blank line between blocks, none between the items of a list. */
function joined(blocks: readonly Block[]): string {
  return blocks
    .map((block, i) => {
      const above = blocks[i - 1]
      if (above === undefined) return block.text
      return `${above.list !== undefined && above.list === block.list ? '\n' : '\n\n'}${block.text}`
    })
    .join('')
}

const collapse = (text: string): string =>
  text
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/``/g, '')
    .trim()

function fenced(code: string, language: string): string {
  const fence = code.includes('```') ? '~~~~' : '```'
  return `${fence}${language}\n${code}\n${fence}`
}

function languageOf(attributes: Readonly<Record<string, string>>): string {
  const found = /(?:^|\s)(?:language|lang|highlight-source|brush:?)-?\s?([a-z0-9+#-]{1,20})/i.exec(
    attributes['class']?.slice(0, 200) ?? '',
  )
  return found?.[1]?.toLowerCase() ?? ''
}
