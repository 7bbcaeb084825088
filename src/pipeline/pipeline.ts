import type { Clock } from '../core/clock.ts'
import type { Embedder } from '../core/embedder.ts'
import type { Ledger } from '../core/ledger.ts'
import type { LexicalProjection } from '../core/lexical.ts'
import type { Log } from '../core/log.ts'
import type { CountTokens } from '../core/tokens.ts'

/** What a sync works with. */
export interface PipelineContext {
  readonly ledger: Ledger
  readonly embedder: Embedder
  /** Absent where the ledger keeps the words itself, or nobody does. */
  readonly projection: LexicalProjection | undefined
  readonly chunking: { readonly maxTokens: number; readonly countTokens: CountTokens }
  readonly clock: Clock
  readonly log: Log
  /** Small transactions where one connection serves everybody (the embedded ledger). */
  readonly targetCommitMs: number
}

/** What a sync tells while it runs. Counts are totals since its start. */
export interface SyncProgress {
  readonly source: string
  readonly phase:
    | 'waiting'
    | 'reading'
    | 'comparing'
    | 'merging'
    | 'projecting'
    | 'rebuilding'
    | 'replaying'
    | 'done'
    | 'failed'
  readonly read: number
  readonly written: number
  readonly unchanged: number
  readonly deleted: number
  readonly rejected: number
}

export type OnProgress = (progress: SyncProgress) => void
