import type { ErrorView } from './errors.ts'

/** What a check last found. One row a check; `definition` changes with whatever the check is about. */
export interface CheckNote {
  readonly metric: string
  readonly name: string
  readonly definition: string
  readonly status: 'passed' | 'failed' | 'error'
  /** Without values of rows. */
  readonly message: string | null
  /** ISO 8601, to the millisecond; so are all times here. */
  readonly at: string
}

export type KeptCell = string | number | boolean | null

export interface KeptColumn {
  readonly name: string
  /** As the engine gave it. */
  readonly type: string
}

/**
 * One answer of a question, as its database gave it. Rows are kept apart by period, in byte order of its text; those without
 * one are the period `null`, the last, which is outside of all bounds. An answer without periods has one of no text.
 */
export interface KeptAnswer {
  readonly name: string
  /** Hash of what the answer's asker may see. */
  readonly policy: string
  /** Changes with whatever can change the rows, but the data. */
  readonly definition: string
  readonly columns: readonly KeptColumn[]
  readonly watermark: string
  readonly asOf: string
}

export interface KeptState extends Omit<KeptAnswer, 'columns' | 'asOf'> {
  /** undefined: never computed. */
  readonly asOf: string | undefined
  /** Whether every row is there; else it answers nothing. */
  readonly complete: boolean
  /** The first and last of its periods. */
  readonly firstPeriod: string | undefined
  readonly lastPeriod: string | undefined
  /** Why it was not computed again. */
  readonly lastError: (ErrorView & { readonly at: string }) | undefined
}

export interface KeepAnswer extends KeptAnswer {
  /**
   * Only the periods from here on are replaced, provided the answer that is kept still is the one as of `base`; absent:
   * all of them.
   */
  readonly since: { readonly period: string; readonly base: string } | undefined
  readonly parts: readonly { readonly period: string; readonly rows: readonly (readonly KeptCell[])[] }[]
}

/** What is known of numbers: outcomes of checks, and answers that were computed ahead. */
export interface LedgerNumbers {
  /** An outcome never replaces a later one. */
  noteChecks(args: { readonly notes: readonly CheckNote[] }): Promise<void>
  checkNotes(): Promise<readonly CheckNote[]>
  /** In one transaction. `kept` is false where a later answer is there, or another than `since` names. */
  keepAnswer(answer: KeepAnswer): Promise<{ readonly kept: boolean }>
  /** Nothing was written since it was kept: it is as of now, and free of errors. */
  confirmAnswer(args: {
    readonly name: string
    readonly policy: string
    readonly definition: string
    readonly watermark: string
    readonly asOf: string
  }): Promise<void>
  /** It could not be computed; what was kept before stays, unless its definition is another one. */
  noteKeptFailure(args: {
    readonly name: string
    readonly policy: string
    readonly definition: string
    readonly error: ErrorView
    readonly at: string
  }): Promise<void>
  keptStates(): Promise<readonly KeptState[]>
  /** The complete answer of this very definition, with the rows of periods in [from, until). */
  keptAnswer(args: {
    readonly name: string
    readonly policy: string
    readonly definition: string
    readonly from: string | undefined
    readonly until: string | undefined
  }): Promise<(KeptAnswer & { readonly rows: readonly (readonly KeptCell[])[] }) | undefined>
  /** Forgets what is no longer defined. */
  forgetNumbers(args: {
    readonly checks: readonly { readonly metric: string; readonly name: string }[]
    readonly kept: readonly string[]
  }): Promise<void>
  /** Whether `run` has the lease now: it was free, has run out, or was its own. */
  takeLease(args: { readonly name: string; readonly run: string; readonly leaseMs: number }): Promise<boolean>
  dropLease(args: { readonly name: string; readonly run: string }): Promise<void>
}
