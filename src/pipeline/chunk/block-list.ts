import { type Block, type BlockKind, headingSeam, seams } from './block.ts'
import { openSection, rootSection, type Section } from './section.ts'

export type BlockOptions = Partial<Pick<Block, 'repeat' | 'seam'>>

const longestHeading = 300

/** Collects the blocks of a text from its start; each begins where the last one ended. */
export interface BlockList {
  /** A heading up to `end`; it belongs to the block that follows. */
  heading(level: number, heading: string, end: number): void
  /** A line of separation up to `end`; it belongs to the block that follows. */
  rule(end: number): void
  block(kind: BlockKind, end: number, options?: BlockOptions): void
  /** Everything; what was left open becomes a block of its own. */
  done(): Block[]
}

export function collectBlocks(text: string): BlockList {
  const blocks: Block[] = []
  let section: Section = rootSection()
  let start = 0
  let bodyStart = 0
  let opens: Section | undefined
  let ruled = false

  const add = (kind: BlockKind, end: number, options: BlockOptions = {}): void => {
    if (end <= start) return
    const seam = opens !== undefined ? headingSeam(opens.level) : ruled ? seams.rule : paragraphSeam(text, start)
    const quietUntil = kind === 'table' || kind === 'grid' ? end : opens && bodyStart
    blocks.push({
      kind,
      start,
      end: withoutBlankEnd(text, start, end),
      seam,
      section,
      ...(opens && { opens, bodyStart }),
      ...(quietUntil !== undefined && { quietUntil }),
      ...options,
    })
    start = end
    opens = undefined
    ruled = false
  }

  return {
    heading(level, heading, end) {
      // A heading right after one of its own rank: that one has no text, and stands alone.
      if (opens !== undefined && level <= section.level) add('prose', bodyStart)
      section = openSection(section, level, heading.slice(0, longestHeading).trim())
      opens ??= section
      bodyStart = end
    },
    rule(end) {
      if (opens === undefined) ruled = true
      else add('prose', end)
    },
    block: add,
    done() {
      if (start < text.length) {
        bodyStart = text.length
        add('prose', text.length)
      }
      return blocks
    },
  }
}

function paragraphSeam(text: string, start: number): number {
  let at = start - 1
  while (at >= 0 && /\s/.test(text.charAt(at))) at--
  return text.charAt(at) === ':' ? seams.intro : seams.paragraph
}

/** Before any blank line but the first at the end of a block: there may be millions. */
function withoutBlankEnd(text: string, start: number, end: number): number {
  let ink = end
  while (ink > start && /\s/.test(text.charAt(ink - 1))) ink--
  const newline = text.indexOf('\n', ink)
  const blank = newline === -1 ? -1 : text.indexOf('\n', newline + 1)
  return blank === -1 ? end : Math.min(end, blank + 1)
}
