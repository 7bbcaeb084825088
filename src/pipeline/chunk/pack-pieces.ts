import { contentRank } from './content-rank.ts'
import { seams } from './block.ts'
import type { Piece } from './piece.ts'
import { commonSection, type Section } from './section.ts'

/** Neighbouring pieces that make one chunk: from the first up to, not with, the last index. */
export interface Pack {
  readonly from: number
  readonly to: number
  /** The deepest section that holds all of it. */
  readonly section: Section
}

interface Cluster {
  from: number
  to: number
  tokens: number
  section: Section
  readonly floor: Section
}

/**
 * Joins neighbours while they fit, across the weakest seam first and, among equal seams, in the order of a hash of the
 * text behind the seam. Whether two pieces end up together thus depends on the text around them alone, and an edit
 * moves only the boundaries near it (packing from the top would move all that follow). Sections and
 * rows share a chunk only when one of them is tiny.
 */
export function packPieces(
  text: string,
  pieces: readonly Piece[],
  limitOf: (section: Section) => number,
  tinyTokens: number,
): Pack[] {
  const clusters = pieces.map((piece, i): Cluster => ({
    from: i,
    to: i + 1,
    tokens: piece.tokens,
    section: piece.section,
    floor: piece.floor,
  }))
  // By its first and by its last piece; between the two the entries are stale.
  const startingAt = [...clusters]
  const endingAt = [...clusters]
  for (const i of joinOrder(text, pieces)) {
    const left = endingAt[i - 1]
    const right = startingAt[i]
    if (left === undefined || right === undefined) continue
    const section = commonSection(left.section, right.section)
    const tokens = left.tokens + right.tokens - (pieces[i]?.repeatTokens ?? 0)
    if (section.depth < left.floor.depth || tokens > limitOf(section)) continue
    const parts = (pieces[i]?.seam ?? 0) >= seams.record
    if (parts && Math.min(left.tokens, right.tokens) >= tinyTokens) continue
    left.to = right.to
    left.tokens = tokens
    left.section = section
    endingAt[right.to - 1] = left
  }
  const packs: Pack[] = []
  for (let at = 0; at < pieces.length;) {
    const cluster = startingAt[at]
    if (cluster === undefined) break
    packs.push(cluster)
    at = cluster.to
  }
  return packs
}

function joinOrder(text: string, pieces: readonly Piece[]): number[] {
  return pieces
    .map(({ seam, start, end }, index) => ({ index, seam, ...contentRank(text, start, end) }))
    .slice(1)
    .sort((a, b) => a.seam - b.seam || a.rank - b.rank || a.whole - b.whole || a.index - b.index)
    .map(({ index }) => index)
}
