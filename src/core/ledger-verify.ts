import type { ChunkWrite } from './ledger-sync.ts'

/** What the ledger holds of one live record, read and hashed again. */
export interface ReadRecord {
  readonly recordId: number
  readonly key: string
  /** Of the row: a record that is written meanwhile has another one. */
  readonly version: number
  readonly title: string
  readonly text: string
  readonly mediaType: string
  /** Whether its columns are as they were written; unknown for what an earlier version wrote. */
  readonly content: 'same' | 'altered' | 'unknown'
  /** Whether its one vector came with the row; undefined when that is unknown. */
  readonly given: boolean | undefined
  /** It could not be embedded, which a dead letter says: vectors may be missing. */
  readonly isPartial: boolean
  /** In their order. */
  readonly chunks: readonly ReadChunk[]
}

export interface ReadChunk {
  readonly chunk: number
  readonly ordinal: number
  /** Content hash of the header and text that are there. */
  readonly hash: string
  /** The row's own hash and language are those of its content and source. */
  readonly isIntact: boolean
  readonly vector: 'same' | 'missing' | 'different'
}

export interface RecordMend {
  readonly recordId: number
  readonly version: number
  readonly dropChunks: readonly number[]
  readonly dropVectors: readonly number[]
  /** All the record is to have; absent: the next read of the source writes them. */
  readonly chunks: readonly ChunkWrite[] | undefined
  /** The next read of the source is to write it whatever its digest says. */
  readonly distrust: boolean
}

/** A chunk as a projection ought to hold it: `digest` is of all fields of its document (see `documentText`). */
export interface ChunkDigest {
  readonly chunk: number
  readonly sourceId: number
  readonly recordId: number
  readonly feed: number
  readonly digest: string
}

export interface ChunkRange {
  readonly generation: number
  /** Sources' ids; undefined: all. */
  readonly sources: readonly number[] | undefined
  /** Ids of sources that are left out: editions that do not answer. */
  readonly except?: readonly number[]
  readonly after: number
  /** Inclusive; undefined: no end. */
  readonly to: number | undefined
  readonly limit: number
}

/** Rows that belong to nothing: chunks of no live record, vectors of no chunk. */
export interface Strays {
  readonly chunks: readonly number[]
  readonly vectors: readonly number[]
  /** Read on from here; undefined at the end. */
  readonly next: number | undefined
}

export interface RecordName {
  readonly recordId: number
  readonly sourceId: number
  readonly source: string
  readonly key: string
  readonly feed: number
}

/** What a source's last verification found. */
export interface VerifyNote {
  /** ISO 8601. */
  readonly at: string
  readonly compared: number
  readonly differences: number
  readonly mended: number
  /** Whether everything could be decided. */
  readonly complete: boolean
}

/** What `verify` asks of the ledger, and how it mends it. Nothing here trusts a digest that is stored beside what it is of. */
export interface LedgerVerify {
  /** Live records after this key, in byte order, as one moment shows them; less than `limit` where texts are long. */
  readRecords(args: {
    generation: number
    sourceId: number
    after: string | undefined
    limit: number
  }): Promise<{ readonly records: readonly ReadRecord[]; readonly next: string | undefined }>
  /** The digests' own digest, of the first `limit` chunks of a range by address; `last` is where they end. */
  digestOfChunks(args: ChunkRange): Promise<{ readonly count: number; readonly last: number; readonly digest: string }>
  digestsOfChunks(args: ChunkRange & { readonly only?: readonly number[] }): Promise<readonly ChunkDigest[]>
  strays(args: { generation: number; after: number; limit: number }): Promise<Strays>
  /** Deleted or not, where these ids are known. */
  recordNames(args: { recordIds: readonly number[] }): Promise<readonly RecordName[]>
  /** Which of these keys are among the dead letters of a stage. */
  deadKeys(args: {
    sourceId: number
    keys: readonly string[]
  }): Promise<readonly { readonly key: string; readonly stage: string }[]>
  /** Writes chunks and vectors anew, and gives the records new feed numbers. What was written meanwhile is left alone. */
  mendRecords(args: {
    generation: number
    sourceId: number
    records: readonly RecordMend[]
    embeddings: readonly { readonly hash: string; readonly vector: Float32Array }[]
    usage: { readonly tokens: number; readonly cost: number }
  }): Promise<{ readonly mended: number }>
  /** Removes those of these that still are strays. */
  removeStrays(args: {
    generation: number
    chunks: readonly number[]
    vectors: readonly number[]
  }): Promise<{ readonly removed: number }>
  /** Gives records new feed numbers above `above`, so that every projection writes them again over whatever it holds. */
  raiseFeed(args: { sourceId: number; recordIds: readonly number[]; above: number }): Promise<void>
  /** The next read of these keys writes them whatever their digests say. */
  distrust(args: { sourceId: number; keys: readonly string[] }): Promise<void>
  /** Takes the source from whoever holds it and forgets its cursor: whoever claims it next reads everything. */
  requestFullRead(args: { sourceId: number }): Promise<void>
  /** Counts a source's records and chunks again. */
  recount(args: { generation: number; sourceId: number }): Promise<void>
  noteVerified(args: { sourceId: number; note: VerifyNote }): Promise<void>
}
