import type { EngineResult, RunLimits, Statement } from '../../engine.ts'

export interface ThreadSettings {
  readonly path: string
}

export interface RunMessage {
  readonly kind: 'run'
  readonly statement: Statement
  readonly limits: RunLimits
}

export type ToThread = RunMessage | { readonly kind: 'close' }

/** What an error of Postgres consists of; its class does not survive the way between threads. */
export interface ThreadError {
  readonly message: string
  readonly refused: boolean
  readonly code?: unknown
  readonly severity?: unknown
  readonly position?: unknown
}

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly result: EngineResult }
  | { readonly kind: 'error'; readonly error: ThreadError }
