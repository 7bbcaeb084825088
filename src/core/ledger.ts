import type { Json } from '../../schemas/record.ts'
import type { ErrorView } from './errors.ts'
import type { LedgerFeed } from './ledger-feed.ts'
import type { LedgerEditions } from './ledger-editions.ts'
import type { Generation, LedgerGenerations } from './ledger-generations.ts'
import type { LedgerNumbers } from './ledger-numbers.ts'
import type { LedgerSearch } from './ledger-search.ts'
import type { LedgerSync } from './ledger-sync.ts'
import type { LedgerVerify, VerifyNote } from './ledger-verify.ts'

export interface SourceStatus {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly language: string
  readonly mapping: string | undefined
  /** Its own part of the configuration, as it was when it was last claimed. */
  readonly madeWith: Json | undefined
  readonly syncing: boolean
  readonly position: string | undefined
  readonly feed: number
  readonly asOfMs: number | undefined
  /** When deletes were last looked for by comparing keys. */
  readonly comparedAt: string | undefined
  readonly records: number
  readonly chunks: number
  readonly deadLetters: number
  readonly lastError: (ErrorView & { readonly at: string }) | undefined
  /** What its last verification found. */
  readonly verified: VerifyNote | undefined
}

export interface LedgerStatus {
  readonly kind: 'embedded' | 'postgres'
  readonly generation: Generation | undefined
  /** Ids of all there are: the one that answers, one that is built, one that is kept. */
  readonly generations: readonly number[]
  readonly hasLexical: boolean
  /** Those that answer: an edition that is read beside, or kept, is none of them. */
  readonly sources: readonly SourceStatus[]
  /** Ids of the editions that do not answer. */
  readonly hidden: readonly number[]
  readonly chunks: number
  readonly usage: { readonly tokens: number; readonly cost: number }
}

export interface DeadLetter {
  readonly id: number
  readonly source: string
  readonly key: string
  readonly stage: string
  readonly position: string
  readonly error: ErrorView
  readonly attempts: number
  readonly firstAt: string
  readonly lastAt: string
}

/** Dead letters of one source or of all, these ids or any. */
export interface DeadLetterChoice {
  readonly source: string | undefined
  readonly ids?: readonly number[]
}

export interface ApiKey {
  readonly id: number
  readonly name: string
  readonly groups: readonly string[]
  readonly admin: boolean
  readonly createdAt: string
  readonly revokedAt: string | undefined
}

export interface LedgerAdmin {
  status(): Promise<LedgerStatus>
  /** LEXICAL_UNAVAILABLE where the ledger is to keep the words and its Postgres can't. */
  checkLexical(): Promise<void>
  /** A random key of this deployment, made once: for digests and signatures. Hex. */
  secret(args: { purpose: string }): Promise<string>
  /** Newest first; with `ids` these only, with `before` those of lower ids. Of the editions that answer, or of the one with `sourceId`. */
  deadLetters(
    args: DeadLetterChoice & { sourceId?: number; before?: number; limit: number },
  ): Promise<readonly DeadLetter[]>
  /** Forgets them without another try; what they are of is not touched. */
  dropDeadLetters(args: DeadLetterChoice): Promise<{ dropped: number }>
  addKey(args: { name: string; groups: readonly string[]; admin: boolean; hash: string }): Promise<ApiKey>
  listKeys(): Promise<readonly ApiKey[]>
  revokeKey(args: { id: number }): Promise<ApiKey>
  /** The live key with this hash. */
  findKey(args: { hash: string }): Promise<ApiKey | undefined>
  /** Writes the whole ledger to a new file. The path is absolute. */
  backup(args: { path: string }): Promise<{ records: number; bytes: number }>
  /** Reads such a file into an empty ledger: all or nothing. */
  restore(args: { path: string }): Promise<{ records: number }>
}

/**
 * The tables that decide what is known. Every method is a whole operation with one argument that can be cloned, so that
 * it runs alike in this process, in a worker thread and in the process that owns an embedded store.
 */
export interface Ledger
  extends
    LedgerSync,
    LedgerFeed,
    LedgerSearch,
    LedgerNumbers,
    LedgerVerify,
    LedgerGenerations,
    LedgerEditions,
    LedgerAdmin,
    AsyncDisposable {}
