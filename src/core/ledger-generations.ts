import type { Json } from '../../schemas/record.ts'
import type { ChunkWrite, Holder } from './ledger-sync.ts'

/** What makes a generation: change any of it and everything has to be chunked, embedded or indexed again. */
export interface GenerationSettings {
  readonly model: string
  readonly dimensions: number
  /** Version and settings of the chunker, as text. */
  readonly chunker: string
}

export interface WantedGeneration extends GenerationSettings {
  /** The part of the configuration that the settings came from: whoever goes back to the generation needs its model. */
  readonly madeWith?: Json
}

/** One answers, one may be growing beside it, one may be kept to go back to. */
export interface Generation extends GenerationSettings {
  readonly id: number
  readonly state: 'active' | 'building' | 'kept'
}

/** A generation as operators look at it. */
export interface GenerationView extends Generation {
  readonly madeWith: Json | undefined
  /** By source, of those it knew when it was begun or last answered. */
  readonly languages: Readonly<Record<string, string>>
  readonly chunks: number
  readonly chunkBytes: number
  readonly vectorBytes: number
  /** When its building began, and when it last became or ceased to be the one that answers; ISO 8601. */
  readonly begunAt: string
  readonly switchedAt: string | undefined
  /** What filling it has embedded, and how long that took. */
  readonly embeddedTokens: number
  readonly embeddingMs: number
}

/** How far a generation follows a source's feed; the active one always is at its head. */
export interface GenerationPosition {
  readonly sourceId: number
  readonly source: string
  readonly feed: number
  readonly head: number
}

/** A record as the ledger holds it, with what chunking needs; a deleted one is a tombstone without any of that. */
export interface RecordText {
  readonly recordId: number
  readonly feed: number
  readonly deleted: boolean
  /** Its vector came with its row. */
  readonly given: boolean
  readonly key: string
  readonly title: string
  readonly text: string
  readonly mediaType: string
}

export interface Unembedded {
  /** Records that have no vector, since the model refused their text: they are found by their words only. */
  readonly unembedded: number
}

export interface FillGeneration {
  readonly generation: number
  readonly sourceId: number
  /** Where the generation stood when the page was read; a page that comes again does nothing. */
  readonly from: number
  /** Everything of the source up to this feed number is in the generation now. */
  readonly upTo: number
  readonly language: string
  readonly records: readonly { readonly recordId: number; readonly chunks: readonly ChunkWrite[] }[]
  /** Taken over from the active generation with their vectors, which no text tells. */
  readonly copied: readonly number[]
  readonly gone: readonly number[]
  readonly embeddings: readonly { readonly hash: string; readonly vector: Float32Array }[]
  readonly usage: { readonly tokens: number; readonly cost: number }
  readonly embeddingMs: number
}

/**
 * Generations: a set of tables each. One that does not answer follows the feed, as a projection does: what it lacks of each
 * source is everything above one feed number.
 */
export interface LedgerGenerations {
  /**
   * The active generation, made from these settings if there is none; tells whether they differ. Makes the word indexes
   * of these languages exist: LEXICAL_UNAVAILABLE where the ledger is to keep the words and can't.
   */
  ensureGeneration(
    args: WantedGeneration & { readonly languages: readonly string[] },
  ): Promise<{ generation: Generation; differs: boolean }>
  /**
   * A generation to be filled: the one that is kept or half built if it is of these settings and languages (by source), else a
   * new one. Another that was half built is dropped.
   */
  beginGeneration(
    args: WantedGeneration & { readonly languages: Readonly<Record<string, string>> },
  ): Promise<Generation>
  generations(): Promise<readonly GenerationView[]>
  generationPositions(args: { generation: number }): Promise<readonly GenerationPosition[]>
  /** A source's records after this feed number, in the feed's order, tombstones among them. */
  textsPage(args: { sourceId: number; after: number; limit: number }): Promise<readonly RecordText[]>
  /** Which of these texts have a vector of this model that was paid for. */
  embeddedHashes(args: { hashes: readonly string[]; model: string }): Promise<readonly string[]>
  /** Writes records into a generation that does not answer, and notes how far it follows. `filled` is false for a page that came again. */
  fillGeneration(args: FillGeneration): Promise<{ filled: boolean }>
  /** Builds the indexes of a generation that was filled, those of words in these languages. */
  indexGeneration(args: { generation: number; languages: readonly string[] }): Promise<void>
  /** Takes every source from whoever holds it, for a while: nobody commits meanwhile. */
  holdSources(args: { holder: Holder; leaseMs: number }): Promise<void>
  /**
   * In one transaction: this generation answers, the one that did is kept, one that was kept before is dropped, and every
   * claim is void. Nothing happens while the generation lacks a change: `switched` is false. Records whose text its model
   * refused become dead letters; `unembedded` counts them.
   */
  switchGeneration(args: { generation: number }): Promise<{ switched: false } | ({ switched: true } & Unembedded)>
  /** Drops a generation that does not answer, and the vectors that no other one has. */
  dropGeneration(args: { generation: number }): Promise<{ dropped: boolean }>
}
