import type { LedgerOptions } from '../context.ts'

/** A way to the engine: in this process, or over the socket of the process that owns the store. */
export interface Link extends AsyncDisposable {
  /** The serialized answer; LinkLost when the way broke before it came. */
  run(operation: string, options: LedgerOptions, body: Uint8Array): Promise<Uint8Array>
  /** Resolves when the way is broken; nothing can be asked on it any more. */
  readonly lost: Promise<void>
}

/** The owner went away. Whatever was asked may or may not have happened, and is asked again of the next one. */
export class LinkLost extends Error {
  constructor() {
    super('the owner of the embedded store went away')
    this.name = 'LinkLost'
  }
}
