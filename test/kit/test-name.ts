import { randomBytes } from 'node:crypto'

const staleAfterMs = 3 * 60 * 60 * 1000

/** A fresh name that tells when it was made, so that what a killed run left behind can be removed. */
export function testName(separator: '_' | '-'): string {
  return ['aquifer', 'test', Date.now().toString(36), randomBytes(4).toString('hex')].join(separator)
}

/** Whether `testName` gave this name, or what follows it, more than three hours ago. */
export function isStale(name: string): boolean {
  const [, made] = /^aquifer[_-]test[_-]([0-9a-z]{8,9})[_-][0-9a-f]{8}(?![0-9a-f])/.exec(name) ?? []
  return made !== undefined && Date.now() - Number.parseInt(made, 36) > staleAfterMs
}
