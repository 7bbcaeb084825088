import type { Refusal, RefusalReason } from './question.ts'

/** Thrown while a question is planned; `compileQuestion` gives it back as the answer. */
export class RefusalSignal extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.name = 'RefusalSignal'
    this.refusal = refusal
  }
}

export function refuse(reason: RefusalReason, message: string, nearest: readonly string[] = []): never {
  throw new RefusalSignal({ reason, message, nearest })
}
