import type { Json } from '../../schemas/record.ts'
import type { ErrorView } from './errors.ts'

/**
 * Of a source there is one edition that answers; another one may be read beside it with another mapping, and the one of before
 * may be kept. Each is a source of its own in the ledger, with its records, feed, cursor and claim.
 */
export type Edition = 'active' | 'building' | 'kept'

/** The right to write one source. A later claim raises the epoch, and every commit under an older one is refused. */
export interface Claim {
  readonly sourceId: number
  readonly epoch: number
  readonly cursor: Json | undefined
  /** Digest of the settings the records were mapped with; records under another one count as changed. */
  readonly mapping: string | undefined
  /** Deletes may have happened without a word: keys have to be compared. */
  readonly deletesDue: boolean
  /** When its keys were compared last; undefined: never. */
  readonly comparedAgoMs: number | undefined
  /** The generation that answers; whoever switches it makes the claim void. */
  readonly generation: number | undefined
}

export interface Holder {
  readonly host: string
  readonly pid: number
  /** Process start or a random id: the same pid may come back. */
  readonly run: string
}

/** Where an edition of a source goes on, and the settings it was read with. */
export interface HeldCursor {
  readonly source: string
  readonly edition: Edition
  readonly cursor: Json
  readonly mapping: string | undefined
}

/** What the ledger holds of a key; `undefined` digest for a tombstone. */
export interface KnownRecord {
  readonly key: string
  readonly digest: string | undefined
  readonly mapping: string
}

export interface ChunkWrite {
  readonly header: string
  readonly text: string
  /** Content hash of what is embedded (header and text), hex. */
  readonly hash: string
  /** Absent when embedding failed: the chunk is found by its words only, and a dead letter says so. */
  readonly vector?: Float32Array
  /** The hash does not tell the vector: rows of this source may bring their own. */
  readonly unhashed?: boolean
}

export interface RecordWrite {
  readonly key: string
  readonly digest: string
  readonly position: string
  readonly title: string
  readonly text: string
  /** How `text` is to be chunked, such as text/markdown. */
  readonly mediaType: string
  readonly url: string
  readonly fields: Readonly<Record<string, Json>>
  /** `field=value` for every declared field, one a value. */
  readonly facets: readonly string[]
  readonly acl: readonly string[]
  readonly modifiedAt: string | undefined
  readonly chunks: readonly ChunkWrite[]
  /** The vector came with the row, and is in no cache. */
  readonly given?: true
}

/** A record as the ledger holds it, without its chunks. */
export interface KeptRecord extends Omit<RecordWrite, 'chunks'> {
  readonly mapping: string
}

export interface DeadLetterWrite {
  readonly key: string
  readonly stage: 'read' | 'validate' | 'map' | 'chunk' | 'embed' | 'project'
  readonly position: string
  readonly error: ErrorView
}

export interface Batch {
  readonly sourceId: number
  readonly epoch: number
  /** Unique: a batch sent again after a lost answer is applied once. */
  readonly id: string
  readonly mapping: string
  readonly language: string
  /** Part of a first read: a large one does without the vector index until `finishLoad`. */
  readonly loading: boolean
  readonly puts: readonly RecordWrite[]
  readonly deletes: readonly { readonly key: string; readonly position: string }[]
  readonly deadLetters: readonly DeadLetterWrite[]
  /**
   * Written before what was read before it: until a batch says that its keys are in their turn again, the ledger remembers
   * how far ahead they are, for whoever reads the same changes again after a crash.
   */
  readonly ahead?: true
  /** Keys that went ahead before and whose turn has come. */
  readonly caughtUp?: readonly string[]
  /** Keys that were read and are as the ledger holds them: what was set aside of them earlier is settled. */
  readonly unchanged?: readonly string[]
  /** New vectors for the cache, in the order of `hash`. */
  readonly embeddings: readonly { readonly hash: string; readonly vector: Float32Array }[]
  readonly usage: { readonly tokens: number; readonly cost: number }
  /**
   * Written with the batch; absent between checkpoints. Position and time are absent while a read that was begun has not
   * handed over everything up to them.
   */
  readonly checkpoint?: {
    readonly cursor: Json
    readonly position: string | undefined
    readonly asOf: string | undefined
    /** seen: deletes up to `asOf` came with the changes; due: some may have happened without a word. */
    readonly deletes?: 'seen' | 'due' | undefined
  }
}

export interface CommitResult {
  readonly written: number
  readonly deleted: number
  readonly feed: number
  /** How long the transaction took: the pipeline sizes the next batch by it. */
  readonly tookMs: number
}

export interface LedgerSync {
  /** SOURCE_BUSY while another live process holds it; its name comes with the error. */
  claim(args: {
    source: string
    /** `active` where absent, which is made if need be. EDITION_GONE where another one is missing. */
    edition?: Edition
    type: string
    language: string
    holder: Holder
    leaseMs: number
    /** The run of a holder that is known to be dead: its lease need not be waited for. */
    dead: string | undefined
  }): Promise<Claim>
  /** SOURCE_FENCED when somebody else claimed it since. */
  renew(args: { sourceId: number; epoch: number; leaseMs: number }): Promise<void>
  /** With what went wrong, if anything did; `as before` leaves what was noted last. */
  release(args: { sourceId: number; epoch: number; error: ErrorView | 'as before' | undefined }): Promise<void>
  /** Where these sources go on: what answers, and an edition that somebody reads now. Those that have no cursor are left out. */
  cursors(args: { sources: readonly string[] }): Promise<readonly HeldCursor[]>
  /** Keys that went ahead of the cursor, with the position of what was written. */
  keysAhead(args: { sourceId: number }): Promise<readonly { readonly key: string; readonly position: string }[]>
  known(args: { sourceId: number; keys: readonly string[] }): Promise<readonly KnownRecord[]>
  /** Vectors already paid for, by content hash; of the active generation's model unless another is named. */
  knownEmbeddings(args: {
    hashes: readonly string[]
    model: string | undefined
  }): Promise<readonly { hash: string; vector: Float32Array }[]>
  /** One transaction: records, chunks, vectors, tombstones, dead letters, cursor. SOURCE_FENCED if the claim is gone. */
  commit(batch: Batch): Promise<CommitResult>
  /** Live keys after `after` in byte order, with digests. */
  liveKeys(args: {
    sourceId: number
    after: string | undefined
    limit: number
  }): Promise<readonly { key: string; digest: string }[]>
  /** Begins a full read: forgets the cursor, makes a comparison of keys due, and notes the mapping of the records to come. */
  startFullRead(args: { sourceId: number; epoch: number; mapping: string }): Promise<void>
  /** Notes the source's own part of the configuration, so that its mapping can be had again. */
  noteMadeWith(args: { sourceId: number; madeWith: Json }): Promise<void>
  /** The source's keys were compared with the ledger's: deletes up to now are known. */
  noteCompared(args: { sourceId: number; epoch: number }): Promise<void>
  /** Builds the vector index if it is missing and worth it. */
  finishLoad(): Promise<void>
  /** Moves one slice of fresh vectors into the index; until then they are searched exactly. */
  mergeVectors(): Promise<{ remaining: number }>
  addDeadLetters(args: { sourceId: number; letters: readonly DeadLetterWrite[] }): Promise<void>
  /** Drops the dead letters of items that are no longer at the source, or with `stage` those of that stage, as it has passed. */
  settleDeadLetters(args: {
    sourceId: number
    keys: readonly string[]
    stage?: DeadLetterWrite['stage']
  }): Promise<void>
  /** The live records of these keys, as they would be written again. */
  recordsByKey(args: { sourceId: number; keys: readonly string[] }): Promise<readonly KeptRecord[]>
  /** Who claimed the source last and has not released it. */
  holder(args: { source: string; edition?: Edition }): Promise<Holder | undefined>
  /** Tombstones every record of a source that the configuration no longer names, in all of its editions; repeatable. */
  removeSource(args: { source: string }): Promise<{ records: number }>
  /** Drops the tombstones of a removed source, once no projection needs them any more. */
  forgetSource(args: { source: string }): Promise<void>
}
