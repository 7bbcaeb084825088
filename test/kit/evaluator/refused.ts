import type { RefusalReason } from '../../../src/semantic/question.ts'

/** Thrown wherever a rule ends the question; `evaluateQuestion` makes a refusal of it. */
export class Refused extends Error {
  readonly reason: RefusalReason

  constructor(reason: RefusalReason, message: string) {
    super(message)
    this.name = 'Refused'
    this.reason = reason
  }
}

/** More periods than the evaluator has room for, such as each second of two months: it cannot tell what is right. */
export class TooLong extends Error {}
