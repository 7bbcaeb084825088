import type { Block } from './block.ts'
import { type BlockList, collectBlocks } from './block-list.ts'
import { type LineReader, readLines } from './line-reader.ts'
import { plainHeading } from './plain-heading.ts'

// A line longer than this is text, whatever it looks like: keeps every look at a line cheap.
const longestMarkup = 4000
const fence = /^[ \t]*(`{3,}|~{3,})/
const atxHeading = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/
const listItem = /^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/
const rule = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/
const setextUnderline = /^ {0,3}(=+|-+)[ \t]*$/
const delimiterRow = /^[ \t]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/

/** Blocks of Markdown by its line structure, in one pass: tolerant, linear, and without rendering anything. */
export function scanMarkdown(text: string): Block[] {
  const lines = readLines(text)
  const blocks = collectBlocks(text)
  let at = lines.skipBlank(0)
  while (at < text.length) at = takeBlock(lines, blocks, at)
  return blocks.done()
}

function takeBlock(lines: LineReader, blocks: BlockList, at: number): number {
  const line = markup(lines, at)
  const after = lines.next(at)
  const heading = atxHeading.exec(line)
  if (heading !== null) {
    const end = lines.skipBlank(after)
    blocks.heading((heading[1] ?? '#').length, plainHeading(heading[2] ?? ''), end)
    return end
  }
  if (rule.test(line)) {
    const end = lines.skipBlank(after)
    blocks.rule(end)
    return end
  }
  if (fence.test(line)) return take(lines, blocks, 'code', fenceEnd(lines, at))
  if (line.includes('|') && after < lines.text.length && delimiterRow.test(markup(lines, after))) {
    return takeTable(lines, blocks, at)
  }
  if (listItem.test(line)) return take(lines, blocks, 'list', listEnd(lines, at))
  if (lines.indent(at) >= 4) return take(lines, blocks, 'code', indentedEnd(lines, at))
  return takeParagraph(lines, blocks, at)
}

const markup = (lines: LineReader, at: number): string => {
  const line = lines.line(at)
  return line.length > longestMarkup ? '' : line
}

function take(lines: LineReader, blocks: BlockList, kind: Block['kind'], end: number): number {
  const to = lines.skipBlank(end)
  blocks.block(kind, to)
  return to
}

function takeTable(lines: LineReader, blocks: BlockList, at: number): number {
  const body = lines.next(lines.next(at))
  let end = body
  while (end < lines.text.length && !lines.isBlank(end) && lines.line(end).includes('|')) end = lines.next(end)
  const to = lines.skipBlank(end)
  blocks.block('table', to, { repeat: { start: at, end: body } })
  return to
}

function takeParagraph(lines: LineReader, blocks: BlockList, at: number): number {
  let end = lines.next(at)
  while (end < lines.text.length && !lines.isBlank(end)) {
    const line = markup(lines, end)
    const underline = setextUnderline.exec(line)
    if (underline !== null && lines.text.slice(at, end).length <= longestMarkup) {
      const to = lines.skipBlank(lines.next(end))
      blocks.heading(underline[1]?.startsWith('=') === true ? 1 : 2, plainHeading(lines.text.slice(at, end)), to)
      return to
    }
    if (interruptsParagraph(lines, line, end)) break
    end = lines.next(end)
  }
  return take(lines, blocks, 'prose', end)
}

function interruptsParagraph(lines: LineReader, line: string, at: number): boolean {
  if (atxHeading.test(line) || fence.test(line) || listItem.test(line) || rule.test(line)) return true
  const after = lines.next(at)
  return line.includes('|') && after < lines.text.length && delimiterRow.test(markup(lines, after))
}

/** Past the closing fence, or the end of the text when it is never closed. */
function fenceEnd(lines: LineReader, at: number): number {
  const marker = fence.exec(lines.line(at))?.[1] ?? '```'
  let end = lines.next(at)
  while (end < lines.text.length) {
    const line = markup(lines, end)
    end = lines.next(end)
    const found = fence.exec(line)?.[1]
    if (found?.startsWith(marker) === true && line.trim() === found) break
  }
  return end
}

/** A list goes on over blank lines as long as what follows is an item or indented. */
function listEnd(lines: LineReader, at: number): number {
  let end = lines.next(at)
  while (end < lines.text.length) {
    const ink = lines.skipBlank(end)
    if (ink >= lines.text.length) return ink
    const line = markup(lines, ink)
    const indented = lines.indent(ink) >= 2
    if (ink > end && !indented && !listItem.test(line)) return end
    if (!indented && (atxHeading.test(line) || fence.test(line) || rule.test(line))) return ink > end ? end : ink
    end = fence.test(line) ? fenceEnd(lines, ink) : lines.next(ink)
  }
  return end
}

function indentedEnd(lines: LineReader, at: number): number {
  let end = lines.next(at)
  for (;;) {
    const ink = lines.skipBlank(end)
    if (ink >= lines.text.length || lines.indent(ink) < 4) return end
    end = lines.next(ink)
  }
}
