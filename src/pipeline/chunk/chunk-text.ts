import type { CountTokens } from '../../core/tokens.ts'
import { headersOf, shorten } from './header.ts'
import { trimLines } from './line-reader.ts'
import { type Pack, packPieces } from './pack-pieces.ts'
import { cutPieces, type Piece } from './piece.ts'
import { scannerOf } from './scanner-of.ts'
import { shownText } from './shown-text.ts'
import type { Section } from './section.ts'

export interface ChunkInput {
  readonly title: string
  readonly text: string
  readonly mediaType: string
  readonly countTokens: CountTokens
  /** Header, text and the model's two marks together. */
  readonly maxTokens: number
}

export interface Chunk {
  /** Title and headings above, for context: embedded and indexed with the text, kept apart from it. */
  readonly header: string
  readonly text: string
}

const longestHeaderTokens = 60
/** What a model adds around a text. */
const markTokens = 2

/**
 * The passages of a text, in order: together they hold all of it, and only the header rows of a table that spans
 * several are said again. Depends on the input alone.
 */
export function chunkText(input: ChunkInput): Chunk[] {
  const { title, mediaType, countTokens, maxTokens } = input
  if (input.text.trim() === '') {
    const text = shorten(title.trim(), countTokens, maxTokens - markTokens)
    return text === '' ? [] : [{ header: '', text }]
  }
  const { view, scan } = scannerOf(mediaType)
  const text = view(input.text)
  const headerTokens = Math.min(longestHeaderTokens, Math.floor(maxTokens / 4))
  const headerOf = headersOf(title, countTokens, headerTokens)
  const limitOf = (section: Section): number => maxTokens - markTokens - headerOf(section).tokens
  const pieces = cutPieces(text, scan(text), countTokens, limitOf)
  return packPieces(text, pieces, limitOf, Math.floor(maxTokens / 4))
    .map((pack) => ({ header: headerOf(pack.section).text, text: textOf(text, pieces, pack) }))
    .filter((chunk) => chunk.text !== '')
}

function textOf(text: string, pieces: readonly Piece[], pack: Pack): string {
  const first = pieces[pack.from]
  if (first === undefined) return ''
  const shown = pieces.slice(pack.from, pack.to).map((piece) => shownText(text, piece, piece.quietUntil))
  const own = trimLines(shown.join(''))
  if (own === '' || first.repeat === undefined) return own
  return `${shownText(text, first.repeat, first.repeat.end).trimEnd()}\n${own}`
}
