import { type Block, type BlockKind, seams } from './block.ts'
import { readLines } from './line-reader.ts'
import { divideJson } from './divide-json.ts'

/** Where a block comes apart: the offset at which the next part starts, and how strong the break is. */
export interface Cut {
  readonly at: number
  readonly seam: number
}

/**
 * The parts of a block that is too long, in order and without gaps; a single part when this kind comes apart no
 * further. Each kind has its own way, and hands what is still too long to the next: a list to its items, those to
 * sentences, sentences to lines, lines to words.
 */
export function divideBlock(text: string, block: Block): Block[] {
  return dividers[block.kind](text, block)
}

const dividers: Readonly<Record<BlockKind, (text: string, block: Block) => Block[]>> = {
  json: divideJson,
  list: (text, block) => cutAt(block, itemCuts(text, block), 'prose'),
  code: (text, block) => cutAt(block, codeCuts(text, block), 'line'),
  table: (text, block) => cutAt(block, lineCuts(text, block.repeat?.end ?? block.start, block.end), 'line'),
  grid: (text, block) => cutAt(block, gridCuts(text, block), 'line'),
  prose: (text, block) => cutAt(block, sentenceCuts(text, block), 'sentence'),
  sentence: (text, block) => cutAt(block, lineCuts(text, block.start, block.end), 'line'),
  line: (text, block) => cutAt(block, wordCuts(text, block), 'words'),
  words: (_, block) => [block],
}

function cutAt(block: Block, cuts: readonly Cut[], kind: BlockKind): Block[] {
  const inner = cuts.filter((cut) => cut.at > block.start && cut.at < block.end)
  const first = { ...block, kind, end: inner[0]?.at ?? block.end }
  const rest = inner.map(({ at, seam }, i): Block => ({
    kind,
    start: at,
    end: inner[i + 1]?.at ?? block.end,
    seam,
    section: block.section,
    ...(block.repeat && { repeat: block.repeat }),
    ...(block.quietUntil !== undefined && block.quietUntil > at && { quietUntil: block.quietUntil }),
  }))
  return [first, ...rest]
}

function lineCuts(text: string, from: number, to: number): Cut[] {
  const lines = readLines(text)
  const cuts: Cut[] = []
  for (let at = lines.next(from); at < to; at = lines.next(at)) cuts.push({ at, seam: seams.line })
  return cuts
}

/** Before every line, more readily before one that follows a blank line. */
function codeCuts(text: string, block: Block): Cut[] {
  const lines = readLines(text)
  const cuts: Cut[] = []
  let blankAbove = false
  for (let at = lines.next(block.start); at < block.end; at = lines.next(at)) {
    const blank = lines.isBlank(at)
    if (!blank) cuts.push({ at, seam: blankAbove ? seams.item : seams.line })
    blankAbove = blank
  }
  return cuts
}

const itemStart = /^[ \t]*(?:[-*+]|\d{1,9}[.)]|[#a-zA-Z][.)])[ \t]/

/** Before every item; less readily before a nested one. */
function itemCuts(text: string, block: Block): Cut[] {
  const lines = readLines(text)
  const cuts: Cut[] = []
  const outer = lines.indent(block.start)
  for (let at = lines.next(block.start); at < block.end; at = lines.next(at)) {
    if (!itemStart.test(text.slice(at, at + 40))) continue
    cuts.push({ at, seam: lines.indent(at) > outer + 1 ? seams.sentence : seams.item })
  }
  return cuts
}

/** Before every border line of a table drawn with + and -, so that rows stay whole. */
function gridCuts(text: string, block: Block): Cut[] {
  const lines = readLines(text)
  const cuts: Cut[] = []
  for (let at = lines.next(block.repeat?.end ?? block.start); at < block.end; at = lines.next(at)) {
    if (/^\s*[+|].*-{3}/.test(text.slice(at, at + 200))) cuts.push({ at: lines.next(at), seam: seams.line })
  }
  return cuts
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })

function sentenceCuts(text: string, block: Block): Cut[] {
  // The segmenter ends a sentence at every newline; in wrapped text only its punctuation should count.
  const flat = text.slice(block.bodyStart ?? block.start, block.end).replaceAll('\n', ' ')
  const cuts: Cut[] = []
  for (const { index } of sentences.segment(flat)) {
    cuts.push({ at: (block.bodyStart ?? block.start) + index, seam: seams.sentence })
  }
  return cuts
}

const shortestRun = 48
const longestRun = 160

/** Between words, every fifty to hundred characters; the words around decide where, so that an edit moves few cuts. */
function wordCuts(text: string, block: Block): Cut[] {
  const cuts: Cut[] = []
  const gap = /\s+|(?<=[，、；：。,;])/g
  let run = block.bodyStart ?? block.start
  gap.lastIndex = run
  for (let found = gap.exec(text); found !== null && found.index < block.end; found = gap.exec(text)) {
    const at = found.index + found[0].length
    if (found[0] === '') gap.lastIndex++
    const length = at - run
    if (length < shortestRun || (length < longestRun && text.charCodeAt(found.index - 1) % 4 !== 0)) continue
    cuts.push({ at, seam: seams.word })
    run = at
  }
  return cuts
}
