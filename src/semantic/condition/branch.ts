/** One `when … then …` of a case, of trees or of SQL. */
export interface Branch<T> {
  readonly when: T
  readonly then: T
}

export function createBranch<T>(when: T, then: T): Branch<T> {
  return { when, then } // oxlint-disable-line unicorn/no-thenable -- a tree, no function: nothing awaits it
}
