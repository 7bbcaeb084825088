import type { ErrorView } from '../../../core/errors.ts'
import type { LedgerOptions } from '../context.ts'

/** What a worker is started with. */
export interface WorkerSettings {
  /** The store's folder. Whoever starts a worker holds the lock of it. */
  readonly dir: string
  /** Address of the module with the operations (see open-operations). */
  readonly operationsUrl: string
  readonly cacheDir: string | undefined
}

export interface RunMessage {
  readonly kind: 'run'
  readonly operation: string
  readonly options: LedgerOptions
  readonly writes: boolean
  /** The argument, serialized by `node:v8`; so is the answer. */
  readonly body: Uint8Array
}

/** Answered by `answer` (one serialized boolean for `maintain`: whether there is more to do) or `error`. */
export type ToWorker =
  | RunMessage
  | { readonly kind: 'maintain' }
  /** Tidies up for so long at most, closes the database and ends. */
  | { readonly kind: 'close'; readonly tidyMs: number }

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly body: Uint8Array }
  | { readonly kind: 'error'; readonly error: ErrorView }
  /** The engine is beyond repair and the worker ends. */
  | { readonly kind: 'dying'; readonly diskFull: boolean; readonly reason: string }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'warn' | 'error'
      readonly details: object
      readonly text: string
    }
