import type { AquiferError } from '../../../core/errors.ts'
import {
  ambiguous,
  badSql,
  badType,
  badValue,
  badValues,
  byZero,
  forbidden,
  noColumn,
  noDatabase,
  noTable,
  outOfRange,
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
export const toPostgresError = (thrown: unknown, place: Place): AquiferError =>
  toEngineError(thrown, place.connection, (error) => word(error, place))

/** The five characters by which Postgres names a condition; undefined for what did not come from it. */
export function sqlState(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('severity' in thrown)) return undefined
  return typeof thrown.code === 'string' && /^[0-9A-Z]{5}$/.test(thrown.code) ? thrown.code : undefined
}

/** Whether the statement alone is to blame, so that its connection is as good as before. */
export function isStatementsFault(thrown: unknown): boolean {
  return thrown instanceof Refused || /^(?:0A|21|22|42)/.test(sqlState(thrown) ?? '')
}

/** Whether the connection was lost, or never there. */
export function isConnectionLost(thrown: unknown): boolean {
  return !(thrown instanceof Refused) && /^(?:08(?!P01)...|57P0[1-5])?$/.test(sqlState(thrown) ?? '')
}

/** What a statement that was prepared meets when a table has changed, or the server forgot it. */
export function isStalePlan(thrown: unknown): boolean {
  return ['0A000', '26000'].includes(sqlState(thrown) ?? '')
}

function word(thrown: unknown, place: Place): Worded {
  const state = sqlState(thrown)
  if (state === undefined) return wordConnection(thrown)
  const found = byState[state]?.(identifierAt(thrown, place.sql), place)
  if (found !== undefined) return found
  const [code, problem] = byClass[state.slice(0, 2)] ?? ['METRIC_SQL_FAILED', 'it refuses the statement']
  return [code, `${problem} (SQLSTATE ${state})`]
}

const byState: Readonly<Record<string, Wording>> = {
  '28000': same('METRIC_ENGINE_AUTH', 'the database refuses this user'),
  '28P01': same('METRIC_ENGINE_AUTH', 'the database refuses this password'),
  '08P01': badValues,
  '3D000': noDatabase,
  '22012': byZero,
  '22P02': badValue,
  '22003': outOfRange,
  '25006': same('METRIC_SQL_FAILED', 'the statement writes, and nothing is ever written here'),
  '42501': forbidden,
  '42703': noColumn,
  '42P01': noTable,
  '3F000': (name) => ['METRIC_TABLE_UNKNOWN', `there is no schema${name}`],
  '42883': (name) => ['METRIC_SQL_FAILED', `no function or operator${name} takes arguments of these types`],
  '42702': ambiguous,
  '42601': badSql,
  '42804': badType,
  '42846': same('METRIC_SQL_FAILED', 'an expression casts between types that have no cast'),
  '53300': same('METRIC_ENGINE_UNREACHABLE', 'the database has no connection left'),
  '57014': timedOut,
}

const byClass: Readonly<Record<string, readonly [code: Worded[0], problem: string]>> = {
  '08': ['METRIC_ENGINE_UNREACHABLE', 'the connection was lost'],
  '25': ['METRIC_ENGINE_UNREACHABLE', 'the database ended the transaction'],
  '40': ['METRIC_ENGINE_UNREACHABLE', 'the database had to give up the transaction'],
  '53': ['METRIC_TOO_LARGE', 'the database ran out of memory or temporary space'],
  '54': ['METRIC_TOO_LARGE', 'the statement is larger than the database allows'],
  '55': ['METRIC_ENGINE_UNREACHABLE', 'the database could not get a lock'],
  '57': ['METRIC_ENGINE_UNREACHABLE', 'the database ended the connection'],
  '58': ['METRIC_ENGINE_UNREACHABLE', 'the database has trouble with its system'],
  XX: ['METRIC_ENGINE_UNREACHABLE', 'the database reports an internal error'],
}

/** The identifier of our statement that Postgres points at, with a blank before it; messages may hold values, and translate. */
function identifierAt(thrown: unknown, sql: string | undefined): string {
  const position = thrown instanceof Error && 'position' in thrown ? Number(thrown.position) : Number.NaN
  if (sql === undefined || !Number.isInteger(position)) return ''
  // Postgres counts characters, JavaScript halves of surrogate pairs.
  const rest = Array.from(sql)
    .slice(position - 1)
    .join('')
  const found =
    /^(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)(?:\s*\.\s*(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*))*/u.exec(rest)
  return found === null ? '' : ` ${found[0].replaceAll('"', '')}`
}

function wordConnection(thrown: unknown): Worded {
  const text = thrown instanceof Error ? thrown.message : ''
  if (/^SASL|password must be a string/.test(text)) return ['METRIC_ENGINE_AUTH', 'the database asks for a password']
  return ['METRIC_ENGINE_UNREACHABLE', wordNetwork(thrown) ?? wordText(text)]
}

function wordText(text: string): string {
  if (/timeout/i.test(text)) return 'the database does not answer'
  if (/ssl|tls|certificate/i.test(text)) return 'no secure connection could be made'
  return 'the connection was lost'
}
