import { MongoCompatibilityError, MongoNetworkError, MongoServerError } from 'mongodb'
import { expect, test } from 'vitest'
import { isLostCursor, isLostToken, toSourceError } from '../../indexers/mongodb/source-error.ts'

const place = { subject: 'Source articles', what: 'shop.articles' }

function told(thrown: unknown): string {
  const { code, message } = toSourceError(thrown, place)
  return `${code} ${message}`
}

test.for<[code: number, told: string]>([
  [18, 'SOURCE_AUTH Source articles: the server refuses this user or password'],
  [13, 'SOURCE_AUTH Source articles: this user may not read shop.articles'],
  [40573, 'SOURCE_INVALID Source articles: the server is no replica set, and has no change streams'],
  [50, 'SOURCE_UNREACHABLE Source articles: reading shop.articles took longer than operationTimeout allows'],
  [91, 'SOURCE_UNREACHABLE Source articles: reading shop.articles failed (ShutdownInProgress)'],
])('error %i of the server is told without what it said', ([code, expected]) => {
  const thrown = new MongoServerError({ message: 'secret value', code, codeName: 'ShutdownInProgress' })
  expect(told(thrown)).toBe(expected)
})

test('a server that is no replica set is told how to become one', () => {
  expect(toSourceError(new MongoServerError({ message: '', code: 40573 }), place).fix).toBe(
    'Start mongod with --replSet and run rs.initiate(); a replica set of one server is enough.',
  )
})

test('what the network does is told by its cause', () => {
  const refused = new MongoNetworkError('x', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) })
  expect(told(refused)).toBe('SOURCE_UNREACHABLE Source articles: nothing listens at the address of the connection')
  expect(told(new MongoNetworkError('connection 3 timed out'))).toBe(
    'SOURCE_UNREACHABLE Source articles: the server does not answer',
  )
  expect(told(new MongoCompatibilityError('x'))).toBe('SOURCE_INVALID Source articles: the server is too old')
})

function serverError(code: number, errorLabels: string[] = []): MongoServerError {
  return new MongoServerError({ message: '', code, errorLabels })
}

test('a lost history is told from other errors of the server', () => {
  expect([286, 280, 260].map((code) => isLostToken(serverError(code), false))).toEqual([true, true, true])
  expect(isLostToken(serverError(1, ['NonResumableChangeStreamError']), false)).toBe(true)
  expect([13, 91, 189, 43].map((code) => isLostToken(serverError(code), true))).toEqual([false, false, false, false])
})

test('what the server refuses at a place of its own is the token only when the stream is opened', () => {
  expect([true, false].map((isOpening) => isLostToken(serverError(50811), isOpening))).toEqual([true, false])
  expect(isLostToken(serverError(40573), true)).toBe(false)
})

test('a long read that the server gave up is gone on with', () => {
  expect([43, 237, 50].map((code) => isLostCursor(serverError(code)))).toEqual([true, true, true])
  expect(isLostCursor(serverError(13))).toBe(false)
})
