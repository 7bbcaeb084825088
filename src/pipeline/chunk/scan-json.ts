import { type Block, seams } from './block.ts'
import { collectBlocks } from './block-list.ts'
import { readLines } from './line-reader.ts'

/** One block: it comes apart by its entries. */
export function scanJson(text: string): Block[] {
  const blocks = collectBlocks(text)
  blocks.block('json', text.length)
  return blocks.done()
}

/** One block a line. */
export function scanJsonLines(text: string): Block[] {
  const lines = readLines(text)
  const blocks = collectBlocks(text)
  for (let at = lines.next(0); ; at = lines.next(at)) {
    blocks.block('json', at, { seam: seams.record })
    if (at >= text.length) return blocks.done()
  }
}
