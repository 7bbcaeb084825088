import type { Block } from './block.ts'
import { type BlockList, collectBlocks } from './block-list.ts'
import { type LineReader, readLines } from './line-reader.ts'
import { plainHeading } from './plain-heading.ts'

const longestMarkup = 4000
const adornment = /^([!-/:-@[-`{-~])\1{2,}[ \t]*$/
const listItem = /^[ \t]*(?:[-*+•]|(?:\d{1,9}|[a-zA-Z#])[.)]|\((?:\d{1,9}|[a-zA-Z#])\))[ \t]/
const simpleBorder = /^[ \t]*=+(?:[ \t]+=+)+[ \t]*$/
const gridBorder = /^[ \t]*\+(?:-+\+)+[ \t]*$/
const explicitMarkup = /^\.\.(?:[ \t]|$)/

/** Blocks of reStructuredText by its line structure, in one pass. Heading ranks follow the order of first use. */
export function scanRst(text: string): Block[] {
  const lines = readLines(text)
  const blocks = collectBlocks(text)
  const styles: string[] = []
  let at = lines.skipBlank(0)
  while (at < text.length) at = takeHeading(lines, blocks, styles, at) ?? takeBlock(lines, blocks, at)
  return blocks.done()
}

const markup = (lines: LineReader, at: number): string => {
  const line = lines.line(at)
  return line.length > longestMarkup ? '' : line
}

export interface RstHeading {
  readonly heading: string
  readonly style: string
  readonly end: number
}

/** The heading that starts here, by its underline and perhaps overline. */
export function headingAt(lines: LineReader, at: number): RstHeading | undefined {
  const first = markup(lines, at)
  const over = adornment.exec(first)?.[1]
  const titleAt = over === undefined ? at : lines.next(at)
  const title = over === undefined ? first : markup(lines, titleAt)
  const underAt = lines.next(titleAt)
  if (underAt >= lines.text.length || title.trim() === '') return undefined
  const under = markup(lines, underAt)
  const mark = adornment.exec(under)?.[1]
  if (mark === undefined || (over !== undefined && over !== mark)) return undefined
  if (over === undefined && (/^\s/.test(title) || adornment.test(title) || explicitMarkup.test(title))) return undefined
  if (under.trimEnd().length < Math.min(4, title.trim().length)) return undefined
  return { heading: plainHeading(title), style: over === undefined ? mark : mark + mark, end: lines.next(underAt) }
}

function takeHeading(lines: LineReader, blocks: BlockList, styles: string[], at: number): number | undefined {
  const found = headingAt(lines, at)
  if (found === undefined) return undefined
  if (!styles.includes(found.style)) styles.push(found.style)
  const end = lines.skipBlank(found.end)
  blocks.heading(styles.indexOf(found.style) + 1, found.heading, end)
  return end
}

function takeBlock(lines: LineReader, blocks: BlockList, at: number): number {
  const line = markup(lines, at)
  if (gridBorder.test(line)) return takeGrid(lines, blocks, at)
  if (simpleBorder.test(line)) return takeSimpleTable(lines, blocks, at)
  if (adornment.test(line) && lines.isBlank(lines.next(at))) {
    const end = lines.skipBlank(lines.next(at))
    blocks.rule(end)
    return end
  }
  if (explicitMarkup.test(line)) return take(lines, blocks, 'code', indentedEnd(lines, at))
  if (listItem.test(line)) return take(lines, blocks, 'list', listEnd(lines, at))
  if (lines.indent(at) >= 2) return take(lines, blocks, 'code', indentedEnd(lines, at))
  return takeParagraph(lines, blocks, at)
}

function take(lines: LineReader, blocks: BlockList, kind: Block['kind'], end: number): number {
  const to = lines.skipBlank(end)
  blocks.block(kind, to)
  return to
}

function takeParagraph(lines: LineReader, blocks: BlockList, at: number): number {
  let end = lines.next(at)
  while (end < lines.text.length && !lines.isBlank(end) && headingAt(lines, end) === undefined) end = lines.next(end)
  return take(lines, blocks, 'prose', end)
}

/** A table drawn with + and -; the rows above a border of = are its header. */
function takeGrid(lines: LineReader, blocks: BlockList, at: number): number {
  let body = lines.next(at)
  let end = body
  while (end < lines.text.length && /^[ \t]*[+|]/.test(markup(lines, end))) {
    const isHeaderEnd = /^[ \t]*\+(?:=+\+)+[ \t]*$/.test(markup(lines, end))
    end = lines.next(end)
    if (isHeaderEnd) body = end
  }
  const to = lines.skipBlank(end)
  blocks.block('grid', to, { repeat: { start: at, end: body } })
  return to
}

/** A table between borders of =; with three of them, the rows above the second are its header. */
function takeSimpleTable(lines: LineReader, blocks: BlockList, at: number): number {
  const borders: number[] = []
  let end = lines.next(at)
  while (end < lines.text.length && borders.length < 2) {
    if (lines.isBlank(end) && borders.length > 0) break
    if (simpleBorder.test(markup(lines, end))) borders.push(lines.next(end))
    end = lines.next(end)
    const isOver = borders.length === 1 && lines.isBlank(end)
    if (isOver) break
  }
  const to = lines.skipBlank(end)
  const [body] = borders.length > 1 ? borders : []
  blocks.block('table', to, { repeat: { start: at, end: body ?? lines.next(at) } })
  return to
}

function listEnd(lines: LineReader, at: number): number {
  let end = lines.next(at)
  while (end < lines.text.length) {
    const ink = lines.skipBlank(end)
    if (ink >= lines.text.length) return ink
    const isPart = lines.indent(ink) >= 2 || listItem.test(markup(lines, ink))
    if (!isPart && (ink > end || headingAt(lines, ink) !== undefined)) return end
    end = lines.next(ink)
  }
  return end
}

/** An explicit block (directive, footnote, comment) or a literal one, with everything indented below it. */
function indentedEnd(lines: LineReader, at: number): number {
  let end = lines.next(at)
  for (;;) {
    const ink = lines.skipBlank(end)
    if (ink >= lines.text.length || lines.indent(ink) < 1) return end
    end = lines.next(ink)
  }
}
