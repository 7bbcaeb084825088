import { AquiferError, type ErrorCode } from '../core/errors.ts'

/** A statement that we do not run; the message says why, after "the statement". */
export class Refused extends Error {}

/** What was asked of the database, for messages. */
export interface Place {
  /** Name of the connection. */
  readonly connection: string
  readonly sql?: string
  readonly tables?: readonly string[]
  readonly timeoutMs?: number
}

export type Worded = readonly [code: ErrorCode, problem: string, fix?: string]

/** `name`: what the database says it is about, with a blank before it, or ''. */
export type Wording = (name: string, place: Place) => Worded

/** Whatever a driver threw, in our words: the server's own may hold values, SQL and addresses. */
export function toEngineError(thrown: unknown, connection: string, word: (thrown: unknown) => Worded): AquiferError {
  if (thrown instanceof AquiferError) return thrown
  const [code, problem, fix] =
    thrown instanceof Refused ? (['METRIC_SQL_FAILED', `the statement ${thrown.message}`] as const) : word(thrown)
  const options = fix === undefined ? { cause: thrown } : { cause: thrown, fix }
  return new AquiferError(code, `Connection ${connection}: ${problem}`, options)
}

export const same =
  (...worded: Worded): Wording =>
  () =>
    worded

export const timedOut: Wording = (_, { timeoutMs = 0 }) => [
  'METRIC_TIMEOUT',
  `no answer within ${String(timeoutMs / 1000)} s.`,
]

export const forbidden: Wording = (_, { tables = [] }) => [
  'METRIC_ENGINE_AUTH',
  `this user may not read what the statement needs${tables.length === 0 ? '' : ` (${tables.join(', ')})`}`,
]

export const noTable: Wording = (name) => ['METRIC_TABLE_UNKNOWN', `there is no table${name}`]
export const noColumn: Wording = (name) => ['METRIC_SQL_FAILED', `there is no column${name}`]
export const noFunction: Wording = (name) => ['METRIC_SQL_FAILED', `there is no function${name}`]
export const ambiguous: Wording = (name) => ['METRIC_SQL_FAILED', `column${name} is ambiguous`]
export const badSql = same('METRIC_SQL_FAILED', 'an expression is not valid SQL')
export const badType = same('METRIC_SQL_FAILED', 'an expression mixes types')
export const badValue = same('METRIC_SQL_FAILED', 'an expression reads text as something that it is not')
export const badGroup = same('METRIC_SQL_FAILED', 'a column is neither grouped by nor aggregated')
export const byZero = same('METRIC_SQL_FAILED', 'an expression divides by zero')
export const outOfRange = same('METRIC_SQL_FAILED', 'a number is too large for its type')
export const badValues = same('INTERNAL', 'the statement and its values do not fit together')
export const noDatabase = same(
  'CONFIG_INVALID',
  'there is no database of this name on the server',
  'Correct the URL of the connection.',
)

/** `name` with a blank before it where our statement says it too; others may be values. */
export function ownName(name: string | undefined, sql: string | undefined): string {
  const last = name?.split('.').at(-1)
  return name !== undefined && last !== undefined && sql?.includes(last) === true ? ` ${name}` : ''
}

/** Why there is no connection, by the code of Node's error; undefined where that says nothing. */
export function wordNetwork(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown ? network[String(thrown.code)] : undefined
}

const network: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'its host is not known',
  EAI_AGAIN: 'its host could not be looked up',
  ETIMEDOUT: 'the database does not answer',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its host',
  ENOENT: 'there is no socket at its path',
}
