import type { Section } from './section.ts'

/** How a block that is too long for one chunk comes apart. */
export type BlockKind = 'prose' | 'list' | 'code' | 'table' | 'grid' | 'json' | 'sentence' | 'line' | 'words'

/** A stretch of the text. The blocks of a text, in order, are all of it but blank lines between them. */
export interface Block {
  readonly kind: BlockKind
  readonly start: number
  readonly end: number
  /** How strongly the text breaks before it, one of `seams`. */
  readonly seam: number
  readonly section: Section
  /** The section that its first line opens, when that is a heading. */
  readonly opens?: Section
  /** Where its text starts after those headings. */
  readonly bodyStart?: number
  /** Up to here rows of dashes are shortened: they draw borders. */
  readonly quietUntil?: number
  /** Rows to repeat above it when it does not follow the rest of its table. */
  readonly repeat?: Span
  /** For JSON: how deep its entries lie. */
  readonly depth?: number
}

export interface Span {
  readonly start: number
  readonly end: number
}

/** Neighbours are joined across weak seams before strong ones. */
export const seams = {
  word: 0,
  line: 1,
  sentence: 2,
  item: 3,
  /** Between a line that ends in a colon and what it announces. */
  intro: 4,
  paragraph: 5,
  rule: 6,
  /** Between items that are each about something of their own. */
  record: 9,
  /** Of the weakest heading; stronger ones follow. */
  heading: 10,
} as const

const deepestHeading = 40

export function headingSeam(level: number): number {
  return seams.heading + deepestHeading - Math.min(level, deepestHeading)
}
