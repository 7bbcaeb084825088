import type { Json } from '../../schemas/record.ts'

/** What a leg may look at. Applied inside every query, exact or approximate. */
export interface SearchFilter {
  /** Acl entries of the caller (see `readableBy`); undefined for an administrator. */
  readonly readable: readonly string[] | undefined
  /** Source names; undefined means all that are configured. */
  readonly sources: readonly string[] | undefined
  /** Every inner list must share an entry with the record's facets (`field=value`). */
  readonly facets: readonly (readonly string[])[]
}

/** A chunk found by one leg: its address and that leg's raw score, best first. */
export interface ScoredChunk {
  readonly chunk: number
  readonly score: number
}

/** A chunk re-read and authorised, with what a hit shows of its record. */
export interface FoundChunk {
  readonly chunk: number
  readonly recordId: number
  readonly source: string
  readonly key: string
  readonly ordinal: number
  /** The record never had another passage. */
  readonly alone: boolean
  readonly header: string
  readonly text: string
  readonly title: string
  readonly url: string
  readonly fields: Readonly<Record<string, Json>>
  readonly modifiedAt: string | undefined
  readonly position: string
  /** Up to where the ledger holds its source. */
  readonly sourcePosition: string | undefined
  /** Up to when the source was known to be in step, milliseconds since 1970. */
  readonly asOfMs: number | undefined
}

export interface FoundRecord extends Omit<FoundChunk, 'chunk' | 'ordinal' | 'alone' | 'header'> {}

export interface ChunkRange {
  readonly recordId: number
  readonly from: number
  readonly to: number
}

/** What a caller may know of one source. */
export interface FoundSource {
  readonly name: string
  readonly language: string
  readonly asOfMs: number | undefined
  /** Records of it that the caller may read. */
  readonly records: number
}

export interface LedgerSearch {
  /**
   * The nearest, best first, and in `others` the cosine of each of `also` that has a vector. CONFIG_NEEDS_REBUILD when the
   * ledger's vectors are of another model.
   */
  vectorLeg(args: {
    vector: Float32Array
    model: string
    filter: SearchFilter
    limit: number
    also: readonly number[]
  }): Promise<{ readonly found: readonly ScoredChunk[]; readonly others: readonly ScoredChunk[] }>
  /** BM25 in the ledger; LEXICAL_UNAVAILABLE where pg_textsearch is missing. */
  lexicalLeg(args: { text: string; filter: SearchFilter; limit: number }): Promise<readonly ScoredChunk[]>
  lexicalScores(args: {
    text: string
    chunks: readonly number[]
    languages: readonly string[]
  }): Promise<readonly ScoredChunk[]>
  /** Those of these chunks that exist now and pass the filter, in any order. */
  readChunks(args: { chunks: readonly number[]; filter: SearchFilter }): Promise<readonly FoundChunk[]>
  /** The chunks of these records whose ordinals are in [from, to], each record's in order. */
  neighbours(args: {
    ranges: readonly ChunkRange[]
  }): Promise<readonly { recordId: number; ordinal: number; text: string }[]>
  /** undefined when absent or not readable: the two look the same. */
  readRecord(args: {
    source: string
    key: string
    readable: readonly string[] | undefined
  }): Promise<FoundRecord | undefined>
  describeSources(args: { readable: readonly string[] | undefined }): Promise<readonly FoundSource[]>
}
