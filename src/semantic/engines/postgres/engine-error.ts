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

/** Whatever the driver threw, in our words: Postgres's own may hold values, SQL and addresses. */
export function toEngineError(thrown: unknown, place: Place): AquiferError {
  if (thrown instanceof AquiferError) return thrown
  const [code, problem, fix] = word(thrown, place)
  const options = fix === undefined ? { cause: thrown } : { cause: thrown, fix }
  return new AquiferError(code, `Connection ${place.connection}: ${problem}`, options)
}

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

type Worded = readonly [code: ErrorCode, problem: string, fix?: string]

function word(thrown: unknown, place: Place): Worded {
  if (thrown instanceof Refused) return ['METRIC_SQL_FAILED', `the statement is not a query: ${thrown.message}`]
  const state = sqlState(thrown)
  if (state === undefined) return wordConnection(thrown)
  const found = byState[state]?.(identifierAt(thrown, place.sql), place)
  if (found !== undefined) return found
  const [code, problem] = byClass[state.slice(0, 2)] ?? ['METRIC_SQL_FAILED', 'it refuses the statement']
  return [code, `${problem} (SQLSTATE ${state})`]
}

type Wording = (identifier: string, place: Place) => Worded

const timeout: Wording = (_, { timeoutMs = 0 }) => ['METRIC_TIMEOUT', `no answer within ${String(timeoutMs / 1000)} s.`]

const byState: Readonly<Record<string, Wording>> = {
  '28000': () => ['METRIC_ENGINE_AUTH', 'the database refuses this user'],
  '28P01': () => ['METRIC_ENGINE_AUTH', 'the database refuses this password'],
  '08P01': () => ['INTERNAL', 'the statement and its values do not fit together'],
  '3D000': () => [
    'CONFIG_INVALID',
    'there is no database of this name on the server',
    'Correct the URL of the connection.',
  ],
  '22012': () => ['METRIC_SQL_FAILED', 'an expression divides by zero'],
  '22P02': () => ['METRIC_SQL_FAILED', 'an expression reads text as something that it is not'],
  '22003': () => ['METRIC_SQL_FAILED', 'a number is too large for its type'],
  '25006': () => ['METRIC_SQL_FAILED', 'the statement writes, and nothing is ever written here'],
  '42501': (_, { tables = [] }) => [
    'METRIC_ENGINE_AUTH',
    `this user may not read what the statement needs${tables.length === 0 ? '' : ` (${tables.join(', ')})`}`,
  ],
  '42703': (name) => ['METRIC_SQL_FAILED', `there is no column${name}`],
  '42P01': (name) => ['METRIC_TABLE_UNKNOWN', `there is no table${name}`],
  '3F000': (name) => ['METRIC_TABLE_UNKNOWN', `there is no schema${name}`],
  '42883': (name) => ['METRIC_SQL_FAILED', `no function or operator${name} takes arguments of these types`],
  '42702': (name) => ['METRIC_SQL_FAILED', `column${name} is ambiguous`],
  '42601': () => ['METRIC_SQL_FAILED', 'an expression is not valid SQL'],
  '42804': () => ['METRIC_SQL_FAILED', 'an expression mixes types'],
  '42846': () => ['METRIC_SQL_FAILED', 'an expression casts between types that have no cast'],
  '53300': () => ['METRIC_ENGINE_UNREACHABLE', 'the database has no connection left'],
  '57014': timeout,
}

const byClass: Readonly<Record<string, readonly [code: ErrorCode, problem: string]>> = {
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
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  return ['METRIC_ENGINE_UNREACHABLE', reasons[code] ?? wordText(text)]
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'its host is not known',
  EAI_AGAIN: 'its host could not be looked up',
  ETIMEDOUT: 'the database does not answer',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its host',
  ENOENT: 'there is no socket at its path',
}

function wordText(text: string): string {
  if (/timeout/i.test(text)) return 'the database does not answer'
  if (/ssl|tls|certificate/i.test(text)) return 'no secure connection could be made'
  return 'the connection was lost'
}
