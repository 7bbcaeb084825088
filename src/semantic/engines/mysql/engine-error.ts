import type { AquiferError } from '../../../core/errors.ts'
import {
  ambiguous,
  badGroup,
  badSql,
  badValues,
  byZero,
  forbidden,
  noColumn,
  noDatabase,
  noFunction,
  noTable,
  outOfRange,
  ownName,
  Refused,
  same,
  timedOut,
  toEngineError,
  wordNetwork,
  type Place,
  type Worded,
  type Wording,
} from '../../engine-words.ts'

/** Whatever the driver threw, in our words. */
export const toMysqlError = (thrown: unknown, place: Place): AquiferError =>
  toEngineError(thrown, place.connection, (error) => word(error, place))

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

function word(thrown: unknown, place: Place): Worded {
  const number = errorNumber(thrown)
  if (number === undefined) return wordConnection(thrown)
  const known = byNumber[number]
  if (known !== undefined) return known(nameIn(thrown, place.sql), place)
  return ['METRIC_SQL_FAILED', `it refuses the statement (error ${String(number)})`]
}

const tooLarge = same('METRIC_TOO_LARGE', 'the database ran out of memory or temporary space')
const writes = same('METRIC_SQL_FAILED', 'the statement writes, and nothing is ever written here')
const full = same('METRIC_ENGINE_UNREACHABLE', 'the database has no connection left')
const gone = same('METRIC_ENGINE_UNREACHABLE', 'the database ended the connection')

const byNumber: Readonly<Record<number, Wording>> = {
  1044: same('METRIC_ENGINE_AUTH', 'this user may not use the database of its URL'),
  1045: same('METRIC_ENGINE_AUTH', 'the database refuses this user or password'),
  1698: same('METRIC_ENGINE_AUTH', 'the database refuses this user or password'),
  1049: noDatabase,
  1142: forbidden,
  1143: forbidden,
  1227: forbidden,
  1370: forbidden,
  1146: noTable,
  1109: noTable,
  1054: noColumn,
  1052: ambiguous,
  1055: (name) => ['METRIC_SQL_FAILED', `column${name} is neither grouped by nor aggregated`],
  1065: same('METRIC_SQL_FAILED', 'the statement is empty'),
  1140: badGroup,
  1305: noFunction,
  1064: badSql,
  1582: same('METRIC_SQL_FAILED', 'a function has the wrong number of arguments'),
  1365: byZero,
  1690: outOfRange,
  1210: badValues,
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
  return ownName(quoted, sql)
}

function wordConnection(thrown: unknown): Worded {
  const text = thrown instanceof Error ? thrown.message : ''
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (/^AUTH_|auth/i.test(code)) return ['METRIC_ENGINE_AUTH', 'the database asks for a login that is not supported']
  if (/SSL|TLS|CERT|SELF_SIGNED|UNABLE_TO/i.test(`${code} ${text}`)) {
    return ['METRIC_ENGINE_UNREACHABLE', 'no secure connection could be made', 'Correct `tls` of the connection.']
  }
  return ['METRIC_ENGINE_UNREACHABLE', wordNetwork(thrown) ?? 'the connection was lost']
}
