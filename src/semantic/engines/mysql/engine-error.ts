import { AquiferError, type ErrorCode } from '../../../core/errors.ts'

/** A statement that we do not run. */
export class Refused extends Error {}

/** What was asked of the database, for messages. */
export interface Place {
  /** Name of the connection. */
  readonly connection: string
  readonly sql?: string
  readonly tables?: readonly string[]
  readonly timeoutMs?: number
}

/** Whatever the driver threw, in our words: the server's own may hold values, SQL and addresses. */
export function toEngineError(thrown: unknown, place: Place): AquiferError {
  if (thrown instanceof AquiferError) return thrown
  const [code, problem, fix] = word(thrown, place)
  const options = fix === undefined ? { cause: thrown } : { cause: thrown, fix }
  return new AquiferError(code, `Connection ${place.connection}: ${problem}`, options)
}

/** The number by which the server names an error; undefined for what did not come from it. */
function errorNumber(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errno' in thrown) || !('sqlState' in thrown)) return undefined
  return typeof thrown.errno === 'number' ? thrown.errno : undefined
}

/** Whether the statement alone is to blame, so that its connection is as good as before. */
export function isStatementsFault(thrown: unknown): boolean {
  const number = errorNumber(thrown)
  return thrown instanceof Refused || (number !== undefined && number in byNumber && !lost.has(number))
}

/** Whether the connection was lost, or never there. */
export function isConnectionLost(thrown: unknown): boolean {
  const number = errorNumber(thrown)
  return !(thrown instanceof Refused) && (number === undefined || lost.has(number))
}

/** ER_SERVER_SHUTDOWN, ER_NORMAL_SHUTDOWN, ER_CONNECTION_KILLED, ER_CLIENT_INTERACTION_TIMEOUT */
const lost: ReadonlySet<number> = new Set([1053, 1077, 1927, 4031])

type Worded = readonly [code: ErrorCode, problem: string, fix?: string]

function word(thrown: unknown, place: Place): Worded {
  if (thrown instanceof Refused) return ['METRIC_SQL_FAILED', `the statement is not a query: ${thrown.message}`]
  const number = errorNumber(thrown)
  if (number === undefined) return wordConnection(thrown)
  const known = byNumber[number]
  if (known !== undefined) return known(nameIn(thrown, place.sql), place)
  return ['METRIC_SQL_FAILED', `it refuses the statement (error ${String(number)})`]
}

type Wording = (name: string, place: Place) => Worded

const same =
  (...worded: Worded): Wording =>
  () =>
    worded

const timedOut: Wording = (_, { timeoutMs = 0 }) => [
  'METRIC_TIMEOUT',
  `no answer within ${String(timeoutMs / 1000)} s.`,
]
const forbidden: Wording = (_, { tables = [] }) => [
  'METRIC_ENGINE_AUTH',
  `this user may not read what the statement needs${tables.length === 0 ? '' : ` (${tables.join(', ')})`}`,
]
const tooLarge = same('METRIC_TOO_LARGE', 'the database ran out of memory or temporary space')
const noTable: Wording = (name) => ['METRIC_TABLE_UNKNOWN', `there is no table${name}`]
const writes = same('METRIC_SQL_FAILED', 'the statement writes, and nothing is ever written here')
const full = same('METRIC_ENGINE_UNREACHABLE', 'the database has no connection left')
const gone = same('METRIC_ENGINE_UNREACHABLE', 'the database ended the connection')

const byNumber: Readonly<Record<number, Wording>> = {
  1044: same('METRIC_ENGINE_AUTH', 'this user may not use the database of its URL'),
  1045: same('METRIC_ENGINE_AUTH', 'the database refuses this user or password'),
  1698: same('METRIC_ENGINE_AUTH', 'the database refuses this user or password'),
  1049: same('CONFIG_INVALID', 'there is no database of this name on the server', 'Correct the URL of the connection.'),
  1142: forbidden,
  1143: forbidden,
  1227: forbidden,
  1370: forbidden,
  1146: noTable,
  1109: noTable,
  1054: (name) => ['METRIC_SQL_FAILED', `there is no column${name}`],
  1052: (name) => ['METRIC_SQL_FAILED', `column${name} is ambiguous`],
  1055: (name) => ['METRIC_SQL_FAILED', `column${name} is neither grouped by nor aggregated`],
  1065: same('METRIC_SQL_FAILED', 'the statement is empty'),
  1140: same('METRIC_SQL_FAILED', 'a column is neither grouped by nor aggregated'),
  1305: (name) => ['METRIC_SQL_FAILED', `there is no function${name}`],
  1064: same('METRIC_SQL_FAILED', 'an expression is not valid SQL'),
  1582: same('METRIC_SQL_FAILED', 'a function has the wrong number of arguments'),
  1365: same('METRIC_SQL_FAILED', 'an expression divides by zero'),
  1690: same('METRIC_SQL_FAILED', 'a number is too large for its type'),
  1210: same('INTERNAL', 'the statement and its values do not fit together'),
  1792: writes,
  1290: writes,
  1969: timedOut,
  3024: timedOut,
  1040: full,
  1203: full,
  1226: full,
  1053: gone,
  1077: gone,
  1927: gone,
  4031: gone,
  1317: same('METRIC_ENGINE_UNREACHABLE', 'somebody stopped the statement in the database'),
  1205: same('METRIC_ENGINE_UNREACHABLE', 'the database could not get a lock'),
  1213: same('METRIC_ENGINE_UNREACHABLE', 'the database had to give up the transaction'),
  1021: tooLarge,
  1037: tooLarge,
  1038: tooLarge,
  1041: tooLarge,
  1104: tooLarge,
  1114: tooLarge,
  1153: tooLarge,
  1301: tooLarge,
}

/** The name that a message quotes, with a blank before it, where it is one of our statement's own: others may be values. */
function nameIn(thrown: unknown, sql: string | undefined): string {
  const quoted =
    thrown instanceof Error ? /['`]([^'`]+)['`]|^FUNCTION (\S+)/.exec(thrown.message)?.slice(1).join('') : undefined
  const last = quoted?.split('.').at(-1)
  return quoted !== undefined && last !== undefined && sql?.includes(last) === true ? ` ${quoted}` : ''
}

function wordConnection(thrown: unknown): Worded {
  const text = thrown instanceof Error ? thrown.message : ''
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (/^AUTH_|auth/i.test(code)) return ['METRIC_ENGINE_AUTH', 'the database asks for a login that is not supported']
  if (/SSL|TLS|CERT|SELF_SIGNED|UNABLE_TO/i.test(`${code} ${text}`)) {
    return ['METRIC_ENGINE_UNREACHABLE', 'no secure connection could be made', 'Correct `tls` of the connection.']
  }
  return ['METRIC_ENGINE_UNREACHABLE', reasons[code] ?? 'the connection was lost']
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'its host is not known',
  EAI_AGAIN: 'its host could not be looked up',
  ETIMEDOUT: 'the database does not answer',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its host',
}
