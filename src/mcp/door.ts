import type { Knowledge } from '../core/knowledge.ts'
import type { Log } from '../core/log.ts'
import type { Numbers } from '../core/numbers.ts'
import type { CallGate } from './call-gate.ts'

/** What agents ask about numbers. */
export type AskedNumbers = Pick<Numbers, 'list' | 'savedQuestions' | 'describe' | 'ask' | 'values'>

/** What every way in shares. */
export interface Door {
  /** Asked on every call, not before: listing tools never waits for stores or models. Resolves to the same one each time. */
  readonly knowledge: () => Promise<Knowledge>
  /** Asked as late. Absent where the configuration names no metrics: then their tools do not exist. */
  readonly numbers?: (() => Promise<AskedNumbers>) | undefined
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
