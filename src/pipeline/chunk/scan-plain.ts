import { type Block, type BlockKind, seams } from './block.ts'
import { type BlockOptions, collectBlocks } from './block-list.ts'
import { readLines } from './line-reader.ts'

/** Paragraphs, set apart by blank lines. */
export function scanPlain(text: string): Block[] {
  return scanParagraphs(text, 'prose')
}

/** Rows of a table, one a paragraph, a value a line. */
export function scanRows(text: string): Block[] {
  return scanParagraphs(text, 'code', { seam: seams.record })
}

function scanParagraphs(text: string, kind: BlockKind, options: BlockOptions = {}): Block[] {
  const lines = readLines(text)
  const blocks = collectBlocks(text)
  let at = lines.skipBlank(0)
  while (at < text.length) {
    while (at < text.length && !lines.isBlank(at)) at = lines.next(at)
    at = lines.skipBlank(at)
    blocks.block(kind, at, options)
  }
  return blocks.done()
}
