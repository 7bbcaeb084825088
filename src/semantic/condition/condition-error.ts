/** Why a condition was not read: `message` says what was expected and what was found, `at` is the place, counted from 0. */
export class ConditionError extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.name = 'ConditionError'
    this.at = at
  }
}
