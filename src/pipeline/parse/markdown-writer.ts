import { openTableWriter, type TableWriter } from './table-writer.ts'

/** Turns the tags and texts of a page, as they come, into Markdown: headings, lists, code and tables, no inline marks. */
export interface MarkdownWriter {
  open(name: string, attributes: Readonly<Record<string, string>>): void
  text(text: string): void
  close(name: string): void
  /** Whether what follows belongs to the main part of the page. */
  content(isContent: boolean): void
  /** Text of the first h1. */
  heading(): string
  /** The main part, or everything where none is marked. */
  done(): string
}

interface Block {
  readonly isContent: boolean
  /** Which list of the page it is an item of. */
  readonly list: number | undefined
  readonly text: string
}

interface State {
  readonly blocks: Block[]
  /** The lists that are open, outermost first. */
  readonly lists: { readonly isOrdered: boolean; items: number }[]
  listCount: number
  /** The outermost table that is open; tables inside are text of its cells. */
  table: TableWriter | undefined
  tableDepth: number
  preDepth: number
  language: string
  /** What the next block of text starts with. */
  prefix: string
  heading: string | undefined
  isContent: boolean
  words: string[]
}

const breaking = new Set(
  `address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form h1 h2
  h3 h4 h5 h6 header hr html legend li main ol p pre section summary table tbody td tfoot th thead tr ul`.split(/\s+/),
)
const marked = new Set(['code', 'kbd', 'samp'])
const mostNested = 8

export function openMarkdownWriter(): MarkdownWriter {
  const state: State = {
    blocks: [],
    lists: [],
    listCount: 0,
    table: undefined,
    tableDepth: 0,
    preDepth: 0,
    language: '',
    prefix: '',
    heading: undefined,
    isContent: false,
    words: [],
  }
  return {
    open: (name, attributes) => (state.preDepth > 0 ? openInCode : openTag)(state, name, attributes),
    text: (text) => void state.words.push(state.preDepth > 0 ? text : text.replace(/\s+/g, ' ')),
    close: (name) => (state.preDepth > 0 ? closeInCode : closeTag)(state, name),
    content: (isContent) => void (state.isContent = isContent),
    heading: () => state.heading ?? '',
    done() {
      if (state.preDepth > 0) endCode(state)
      endText(state)
      endTable(state)
      const content = state.blocks.filter((block) => block.isContent)
      return joined(content.length > 0 ? content : state.blocks)
    },
  }
}

function openTag(state: State, name: string, attributes: Readonly<Record<string, string>>): void {
  const isOuterTable = state.tableDepth === 1
  if (breaking.has(name) && (isOuterTable || (name !== 'td' && name !== 'th'))) endText(state)
  if (name === 'pre') {
    state.preDepth = 1
    state.language = languageOf(attributes)
  } else if (name === 'ul' || name === 'ol') {
    if (state.lists.length === 0) state.listCount++
    state.lists.push({ isOrdered: name === 'ol', items: 0 })
  } else if (name === 'li') state.prefix = itemPrefix(state)
  else if (/^h[1-6]$/.test(name)) state.prefix = `${'#'.repeat(Number(name[1]))} `
  else if (name === 'table') {
    if (state.tableDepth++ === 0) state.table = openTableWriter()
  } else if (name === 'tr' && isOuterTable) state.table?.row()
  else if (name === 'td' || name === 'th') {
    if (isOuterTable) state.table?.cell()
    else state.words.push(' ')
  } else if (name === 'br') state.words.push('\n')
  else if (marked.has(name)) state.words.push('`')
  else if (name === 'img') state.words.push(` ${attributes['alt'] ?? ''} `)
}

function closeTag(state: State, name: string): void {
  if (marked.has(name)) state.words.push('`')
  if (breaking.has(name) && (state.tableDepth === 1 || (name !== 'td' && name !== 'th'))) endText(state)
  if (name === 'ul' || name === 'ol') state.lists.pop()
  if (/^(?:h[1-6]|li)$/.test(name) || state.lists.length === 0) state.prefix = ''
  if (name === 'table' && state.tableDepth > 0 && --state.tableDepth === 0) endTable(state)
}

function openInCode(state: State, name: string, attributes: Readonly<Record<string, string>>): void {
  if (name === 'br') state.words.push('\n')
  if (name === 'code') state.language ||= languageOf(attributes)
  if (name === 'pre') state.preDepth++
}

function closeInCode(state: State, name: string): void {
  if (name === 'pre' && --state.preDepth === 0) endCode(state)
}

function endText(state: State): void {
  const text = collapse(state.words.join(''))
  state.words = []
  if (text === '') return
  const isHeading = state.prefix.startsWith('#')
  if (state.prefix === '# ') state.heading ??= text
  if (state.table !== undefined) state.table.text(isHeading ? `${text}:` : text)
  else add(state, state.prefix + text, state.lists.length > 0 && !isHeading ? state.listCount : undefined)
  // A second paragraph of an item stands below its text.
  state.prefix = '  '.repeat(Math.min(state.lists.length, mostNested))
}

function endCode(state: State): void {
  const code = state.words.join('').replace(/^\n/, '').trimEnd()
  state.words = []
  if (code === '') return
  const fence = code.includes('```') ? '~~~~' : '```'
  if (state.table !== undefined) state.table.text(code)
  else add(state, `${fence}${state.language}\n${code}\n${fence}`)
}

function endTable(state: State): void {
  const { table } = state
  state.table = undefined
  add(state, table?.done() ?? '')
}

function add(state: State, text: string, list?: number): void {
  if (text !== '') state.blocks.push({ isContent: state.isContent, list, text })
}

function itemPrefix({ lists }: State): string {
  const list = lists.at(-1)
  if (list === undefined) return '- '
  list.items++
  return `${'  '.repeat(Math.min(lists.length - 1, mostNested))}${list.isOrdered ? `${list.items}.` : '-'} `
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

function languageOf(attributes: Readonly<Record<string, string>>): string {
  const names = attributes['class']?.slice(0, 200) ?? ''
  return (
    /(?:^|\s)(?:language|lang|highlight-source|brush:?)-?\s?([a-z0-9+#-]{1,20})/i.exec(names)?.[1]?.toLowerCase() ?? ''
  )
}
