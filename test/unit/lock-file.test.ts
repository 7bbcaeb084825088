import { expect, test } from 'vitest'

import { missingFromLock, readLock } from '../kit/complete-lock.ts'

test('the lock file holds the packages of every platform, so that npm ci takes it (else: node test/kit/complete-lock.ts)', () => {
  expect(missingFromLock(readLock())).toEqual([])
})
