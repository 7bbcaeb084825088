import type { AquiferError } from '../../src/core/errors.ts'
import { networkReasons, wordError } from '../../src/core/source-error.ts'
import type { Place, Worded } from '../../src/core/source-error.ts'

/** Whatever the driver threw, in our words. */
export function toSourceError(thrown: unknown, place: Place): AquiferError {
  const number = errorNumber(thrown)
  return wordError(thrown, place, () => (number === undefined ? wordConnection(thrown) : wordNumber(number, place)))
}

/** Whether the connection was lost, or never there. */
export function isConnectionLost(thrown: unknown): boolean {
  const number = errorNumber(thrown)
  return number === undefined || endings.has(number)
}

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

const reasons = networkReasons('the database', 'the connection')
