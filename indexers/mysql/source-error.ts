import { AquiferError } from '../../src/core/errors.ts'
import type { ErrorCode } from '../../src/core/errors.ts'

/** What a statement is run for; names the place in messages. */
export interface Place {
  /** Such as `Source films`. */
  readonly subject: string
  /** Such as `shop.film`. */
  readonly what: string
}

export function invalidSource(
  place: Place,
  problem: string,
  options: { cause?: unknown; fix?: string } = {},
): AquiferError {
  return new AquiferError('SOURCE_INVALID', `${place.subject}: ${problem}`, options)
}

/** The cursor tells nothing about what the source holds now: it has to be read anew. */
export function expired(place: Place, why: string, cause?: unknown): AquiferError {
  return new AquiferError('CURSOR_EXPIRED', `${place.subject}: ${why}.`, { cause })
}

export function cancelled(): AquiferError {
  return new AquiferError('CANCELLED', 'Reading the source was stopped.')
}

/** Whatever the driver threw, in our words: the server's own may hold values, SQL and addresses. */
export function toSourceError(thrown: unknown, place: Place): AquiferError {
  if (thrown instanceof AquiferError) return thrown
  const number = errorNumber(thrown)
  const [code, problem, fix] = number === undefined ? wordConnection(thrown) : wordNumber(number, place)
  const options = fix === undefined ? { cause: thrown } : { cause: thrown, fix }
  return new AquiferError(code, `${place.subject}: ${problem}`, options)
}

/** Whether the connection was lost, or never there. */
export function isConnectionLost(thrown: unknown): boolean {
  const number = errorNumber(thrown)
  return number === undefined || endings.has(number)
}

type Worded = readonly [code: ErrorCode, problem: string, fix?: string]

/** The number by which the server names an error; undefined for what did not come from it. */
export function errorNumber(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errno' in thrown) || !('sqlState' in thrown)) return undefined
  return typeof thrown.errno === 'number' && thrown.errno > 0 ? thrown.errno : undefined
}

const unread = 'can no longer be read as it was: it was dropped, or its columns changed'

function wordNumber(number: number, { what }: Place): Worded {
  if (endings.has(number)) return ['SOURCE_UNREACHABLE', 'the database ended the connection']
  const known = byNumber[number]
  if (known !== undefined) return known(what)
  return ['SOURCE_INVALID', `${what} can't be read (error ${number})`]
}

/** ER_SERVER_SHUTDOWN, ER_NORMAL_SHUTDOWN, ER_CONNECTION_KILLED, ER_CLIENT_INTERACTION_TIMEOUT. */
const endings: ReadonlySet<number> = new Set([1053, 1077, 1927, 4031])

const timedOut = (what: string): Worded => [
  'SOURCE_UNREACHABLE',
  `reading ${what} took longer than statementTimeout allows`,
  'Raise statementTimeout of the connection.',
]
const refused = (): Worded => ['SOURCE_AUTH', 'the database refuses this user or password']
const forbidden = (what: string): Worded => ['SOURCE_AUTH', `this user may not read ${what}`]
const busy = (): Worded => ['SOURCE_UNREACHABLE', 'the database has no connection left']
const full = (): Worded => ['SOURCE_UNREACHABLE', 'the database ran out of memory or temporary space']
const gaveUp = (): Worded => ['SOURCE_UNREACHABLE', 'the database had to give up the statement']
const changed = (what: string): Worded => ['CURSOR_EXPIRED', `${what} ${unread}`]

const byNumber: Readonly<Record<number, (what: string) => Worded>> = {
  1044: refused,
  1045: refused,
  1698: refused,
  1049: () => [
    'SOURCE_INVALID',
    'there is no database of this name on the server',
    'Correct the URL of the connection.',
  ],
  1142: forbidden,
  1143: forbidden,
  1227: forbidden,
  1054: changed,
  1146: changed,
  1412: changed,
  1969: timedOut,
  3024: timedOut,
  1040: busy,
  1203: busy,
  1226: busy,
  1205: gaveUp,
  1213: gaveUp,
  1317: gaveUp,
  1021: full,
  1037: full,
  1038: full,
  1041: full,
  1114: full,
}

function wordConnection(thrown: unknown): Worded {
  const text = thrown instanceof Error ? thrown.message : ''
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const reason = reasons[code]
  if (reason !== undefined) return ['SOURCE_UNREACHABLE', reason]
  if (/^AUTH_|auth/i.test(code)) return ['SOURCE_AUTH', 'the database asks for a login that is not supported']
  if (/SSL|TLS|CERT|SELF_SIGNED|UNABLE_TO/i.test(`${code} ${text}`)) {
    return ['SOURCE_UNREACHABLE', 'no secure connection could be made', 'Correct `tls` of the connection.']
  }
  return [
    'SOURCE_UNREACHABLE',
    /timeout/i.test(`${code} ${text}`) ? 'the database does not answer' : 'the connection was lost',
  ]
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at the address of the connection',
  ENOTFOUND: 'the host of the connection is not known',
  EAI_AGAIN: 'the host of the connection could not be looked up',
  ETIMEDOUT: 'the database does not answer',
  EHOSTUNREACH: 'there is no way to the host of the connection',
  ENETUNREACH: 'there is no way to the host of the connection',
}
