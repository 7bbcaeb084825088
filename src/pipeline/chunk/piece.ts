import type { CountTokens } from '../../core/tokens.ts'
import { type Block, type Span, seams } from './block.ts'
import { divideBlock } from './divide-block.ts'
import { shownText } from './shown-text.ts'
import type { Section } from './section.ts'

/** A stretch that is never cut, small enough for a chunk. Pieces in order are the blocks. */
export interface Piece {
  readonly start: number
  readonly end: number
  /** Never less than the model will count. */
  readonly tokens: number
  readonly seam: number
  readonly section: Section
  /** The outermost section that may still be left out of the header: all inner headings are in the text. */
  readonly floor: Section
  /** To be shown above when the piece does not follow the one before it. */
  readonly repeat?: Span
  readonly repeatTokens: number
  readonly quietUntil?: number
}

// Text in which the model sees few tokens (padding, endless words) still has to be read by somebody.
const charsPerToken = 16

/** Cuts blocks into pieces that fit; each text is counted at most once a way of cutting it. */
export function cutPieces(
  text: string,
  blocks: readonly Block[],
  countTokens: CountTokens,
  limitOf: (section: Section) => number,
): Piece[] {
  const pieces: Piece[] = []
  const weigh = (span: Span, limit: number, quietUntil?: number): number => {
    if (span.end - span.start > limit * charsPerToken * 4) return Infinity
    const shown = shownText(text, span, quietUntil)
    const least = Math.ceil(shown.length / charsPerToken)
    return least > limit ? least : Math.max(least, countTokens(shown))
  }

  const cut = (block: Block): void => {
    const limit = limitOf(block.section)
    const isTail = block.repeat !== undefined && block.start >= block.repeat.end
    const repeatTokens = isTail && block.repeat ? weigh(block.repeat, limit, block.repeat.end) : 0
    const repeats = repeatTokens > 0 && repeatTokens <= limit / 2
    const tokens = weigh(block, limit, block.quietUntil) + (repeats ? repeatTokens : 0)
    if (tokens > limit) {
      const parts = divideBlock(text, block)
      if (parts.length > 1 || parts[0]?.kind !== block.kind) {
        for (const part of parts) cut(part)
        return
      }
      cutHard(block)
      return
    }
    const floor = block.opens?.parent ?? block.section
    const repeat = repeats && block.repeat ? { repeat: block.repeat } : {}
    const { start, end, seam, section, quietUntil } = block
    pieces.push({
      start,
      end,
      tokens,
      seam,
      section,
      floor,
      ...repeat,
      repeatTokens: repeats ? repeatTokens : 0,
      ...(quietUntil !== undefined && { quietUntil }),
    })
  }

  /** An endless word: bytes bound the tokens of whatever vocabulary. */
  const cutHard = (block: Block): void => {
    const step = Math.max(1, Math.min(64, limitOf(block.section) >> 2))
    for (let start = block.start; start < block.end;) {
      let end = Math.min(block.end, start + step)
      if (end < block.end && isLowSurrogate(text.charCodeAt(end))) end++
      pieces.push({
        start,
        end,
        tokens: Buffer.byteLength(text.slice(start, end)),
        seam: start === block.start ? block.seam : seams.word,
        section: block.section,
        floor: start === block.start ? (block.opens?.parent ?? block.section) : block.section,
        repeatTokens: 0,
      })
      start = end
    }
  }

  for (const block of blocks) cut(block)
  return pieces
}

const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff
