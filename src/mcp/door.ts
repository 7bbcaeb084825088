import type { Knowledge } from '../core/knowledge.ts'
import type { Log } from '../core/log.ts'
import type { CallGate } from './call-gate.ts'

/** What every way in shares. */
export interface Door {
  /** Asked on every call, not before: listing tools never waits for stores or models. Resolves to the same one each time. */
  readonly knowledge: () => Promise<Knowledge>
  readonly gate: CallGate
  readonly log: Log
  /** The program's version, as clients see it. */
  readonly version: string
  readonly observe?: (call: ObservedCall) => void
}

export interface ObservedCall {
  readonly tool: string
  readonly seconds: number
  /** Code of the error the call ended in; absent when it succeeded. */
  readonly error?: string
}
