import {
  MongoCompatibilityError,
  MongoCursorExhaustedError,
  MongoMissingDependencyError,
  MongoNetworkTimeoutError,
  MongoServerError,
} from 'mongodb'
import type { AquiferError } from '../../src/core/errors.ts'
import { networkReasons, wordError } from '../../src/core/source-error.ts'
import type { Place, Worded } from '../../src/core/source-error.ts'

/** Whatever the driver threw, in our words. */
export function toSourceError(thrown: unknown, place: Place): AquiferError {
  return wordError(thrown, place, () => word(thrown, place))
}

/**
 * What the server answers to a change stream that cannot be gone on with: InvalidResumeToken, ChangeStreamFatalError,
 * ChangeStreamHistoryLost, a token that it does not understand, and BSONObjectTooLarge, for an event that it cannot tell.
 */
const lostCodes = new Set<unknown>([260, 280, 286, 9, 14, 10334])
/** From here on codes stand for places in the server's sources, at which it refused what it was asked. */
const leastPlace = 40_000
const badValue = 2
const noReplicaSet = 40573

/** Whether only a new read of everything helps. When a stream is opened, all that can be wrong with it is its token. */
export function isLostToken(thrown: unknown, isOpening: boolean): boolean {
  if (!(thrown instanceof MongoServerError)) return false
  if (lostCodes.has(thrown.code) || thrown.hasErrorLabel('NonResumableChangeStreamError')) return true
  return isOpening && (thrown.code === badValue || Number(thrown.code) >= leastPlace) && thrown.code !== noReplicaSet
}

/**
 * Whether a cursor of a long read is gone, as after ten idle minutes or an election, or because all its batches together
 * took operationTimeout.
 */
export function isLostCursor(thrown: unknown): boolean {
  return thrown instanceof MongoServerError && (thrown.code === 43 || thrown.code === 237 || thrown.code === 50)
}

function word(thrown: unknown, { what }: Place): Worded {
  if (thrown instanceof MongoServerError) {
    return byCode[Number(thrown.code)]?.(what) ?? ['SOURCE_UNREACHABLE', `reading ${what} failed (${nameOf(thrown)})`]
  }
  if (thrown instanceof MongoCompatibilityError) {
    return ['SOURCE_INVALID', 'the server is too old', 'Read from MongoDB 5.0 or later.']
  }
  if (thrown instanceof MongoCursorExhaustedError) return ['SOURCE_UNREACHABLE', 'the server ended the read']
  if (thrown instanceof MongoMissingDependencyError) {
    return ['SOURCE_INVALID', 'an option of the URL needs a library that is not installed', 'Leave the option out.']
  }
  return ['SOURCE_UNREACHABLE', wordNetwork(thrown)]
}

const refused = (): Worded => ['SOURCE_AUTH', 'the server refuses this user or password']

const byCode: Readonly<Record<number, (what: string) => Worded>> = {
  18: refused,
  8000: refused,
  11: refused,
  13: (what) => [
    'SOURCE_AUTH',
    `this user may not read ${what}`,
    'Grant find, changeStream and listCollections there; the role read of its database holds them.',
  ],
  50: (what) => [
    'SOURCE_UNREACHABLE',
    `reading ${what} took longer than operationTimeout allows`,
    'Raise operationTimeout of the connection.',
  ],
  73: (what) => ['SOURCE_INVALID', `${what} is no name of a collection`],
  [noReplicaSet]: () => [
    'SOURCE_INVALID',
    'the server is no replica set, and has no change streams',
    'Start mongod with --replSet and run rs.initiate(); a replica set of one server is enough.',
  ],
}

function nameOf({ code, codeName }: MongoServerError): string {
  return typeof codeName === 'string' && /^\w+$/.test(codeName) ? codeName : `error ${String(code)}`
}

function wordNetwork(thrown: unknown): string {
  const [text, codes] = chainOf(thrown)
  for (const [code, reason] of Object.entries(reasons)) if (codes.includes(code) || text.includes(code)) return reason
  if (thrown instanceof MongoNetworkTimeoutError || /timed? ?out/i.test(text)) return 'the server does not answer'
  return /ssl|tls|certificate/i.test(text) ? 'no secure connection could be made' : 'the connection was lost'
}

const reasons = networkReasons('the server', 'the connection')

/** Messages and codes of an error and its causes: the driver wraps those of the network. */
function chainOf(thrown: unknown): readonly [text: string, codes: readonly string[]] {
  const texts: string[] = []
  const codes: string[] = []
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    texts.push(error.message)
    if ('code' in error) codes.push(String(error.code))
  }
  return [texts.join('\n'), codes]
}
