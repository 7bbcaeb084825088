import type { FeedRecord } from './ledger-feed.ts'
import type { ScoredChunk, SearchFilter } from './ledger-search.ts'

export interface LexicalQuery {
  readonly text: string
  readonly filter: SearchFilter
  /** Ids of editions that are not to be found; a store that is the ledger itself knows them. */
  readonly hidden?: readonly number[]
  readonly limit: number
}

/** The lexical leg: BM25 over header and text. Scores are positive; a chunk that does not match has none. */
export interface LexicalStore {
  search(query: LexicalQuery): Promise<readonly ScoredChunk[]>
  /** Scores of these chunks for this text; those that do not match are left out. */
  score(text: string, chunks: readonly number[], languages: readonly string[]): Promise<readonly ScoredChunk[]>
}

/** A lexical store that is a projection of the ledger's feed. */
export interface LexicalProjection extends LexicalStore, AsyncDisposable {
  readonly name: string
  /** Reaches the server and checks version and rights; throws LEXICAL_… */
  check(): Promise<void>
  /** Makes the indices of a generation exist; `made` where they were not there. Idempotent. */
  prepare(generation: number): Promise<{ readonly made: boolean }>
  /** Writes records of the feed, each with its feed number as external version. Idempotent; older writes lose. */
  write(generation: number, records: readonly FeedRecord[]): Promise<ProjectionResult>
  /** Makes everything written visible to searches. */
  refresh(generation: number): Promise<void>
  /** Removes tombstones of this source with a feed number of at most `feed`. */
  purge(generation: number, sourceId: number, feed: number): Promise<void>
  /**
   * Whether the generation's indices are there, those of these languages too. When they are not but the ledger's
   * projection is ahead of 0, they were lost: reset the projection, then `prepare`.
   */
  exists(generation: number, languages?: readonly string[]): Promise<boolean>
  /** Removes a generation's indices, so that it can be rebuilt from the feed's start whatever was in them. */
  drop(generation: number): Promise<void>
  /** Points the alias at this generation, and removes the older ones that are not in `keep`. */
  activate(generation: number, keep?: readonly number[]): Promise<void>
  /**
   * Live documents of the chunks in (after, to], or of these chunks alone, in the chunks' order, tombstones left out, at most
   * `limit`; only what a refresh has made visible. LEXICAL_UNREADABLE where documents can't be read back.
   */
  documents(args: {
    generation: number
    sources: readonly number[] | undefined
    except?: readonly number[]
    after: number
    to: number | undefined
    only?: readonly number[]
    limit: number
  }): Promise<readonly StoredDocument[]>
  /** Removes documents that were not written since they were read. Later writes of their version or a newer one win. */
  remove(places: readonly DocumentPlace[]): Promise<{ readonly removed: number }>
  /** Live chunks in a generation, but those of these sources; tombstones are not counted. */
  count(generation: number, except?: readonly number[]): Promise<number>
}

/** A document of a live passage, as the store holds it. */
export interface StoredDocument {
  readonly id: number
  readonly chunk: number
  readonly record: number
  readonly sourceId: number
  readonly source: string
  readonly feed: number
  /** What the store compares writes with: it ought to be the feed number. */
  readonly version: number
  readonly language: string
  readonly acl: readonly string[]
  readonly facets: readonly string[]
  readonly body: string
  /** Where it is and which of its writes was read, in the store's own terms. */
  readonly place: DocumentPlace
}

export interface DocumentPlace {
  readonly index: string
  readonly id: string
  readonly version: number
  readonly sequence: number
  readonly term: number
}

export interface ProjectionResult {
  /** Records the store refused for good, with why; they belong in the dead letters. */
  readonly rejected: readonly { readonly record: FeedRecord; readonly message: string }[]
}
