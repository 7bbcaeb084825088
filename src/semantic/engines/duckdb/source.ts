import { createHash } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'

import type { PlacedFile } from './engine-error.ts'
import type { KeptStatements } from './kept-statements.ts'

/** A connection on which a statement finds its tables, for that statement alone until it is released. */
export interface Reading {
  readonly connection: DuckDBConnection
  readonly statements: KeptStatements
  /** What the statement reads, to name it in errors. */
  readonly files: readonly PlacedFile[]
  readonly watermark: string
  /** Whether what it reads is still what the watermark says. */
  isCurrent(): Promise<boolean>
  release(outcome: 'well' | 'broken'): Promise<void>
}

/** Where the tables come from: files, or a database file. */
export interface Source extends AsyncDisposable {
  /**
   * Makes the tables of the statement ready, as they are now. undefined where they change at this very moment; `fresh`
   * after that. METRIC_TABLE_UNKNOWN, METRIC_TABLE_AMBIGUOUS, METRIC_DATA_INVALID; Refused for what is not one query.
   */
  read(sql: string, options: { readonly fresh: boolean; readonly signal: AbortSignal }): Promise<Reading | undefined>
  /** Reaches what the tables come from: what there is to say of it, one sentence each. */
  check(signal: AbortSignal): Promise<readonly string[]>
  /** See `Engine.hasViews`. */
  hasViews?(tables: readonly string[]): Promise<boolean>
  /** A table of the model, as SQL. */
  quote(table: string): string
}

/** Equal for equal states of equal files, in whatever order they come. */
export function watermarkOf(states: readonly (readonly [path: string, stamp: string])[]): string {
  const lines = states.map((state) => JSON.stringify(state)).toSorted()
  return createHash('sha256').update(lines.join('\n')).digest('base64url').slice(0, 22)
}
