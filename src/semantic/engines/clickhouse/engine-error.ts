import { AquiferError, type ErrorCode } from '../../../core/errors.ts'

/** What the server reported after it had begun to answer. */
export class ReportedLate extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'ReportedLate'
    this.code = code
  }
}

/** What was asked of the database, for messages. */
export interface Place {
  /** Name of the connection. */
  readonly connection: string
  readonly sql?: string
  readonly tables?: readonly string[]
  readonly timeoutMs?: number
}

/** Whatever the client threw, in our words: the server's own may hold values, SQL and addresses. */
export function toEngineError(thrown: unknown, place: Place): AquiferError {
  if (thrown instanceof AquiferError) return thrown
  const [code, problem, fix] = word(thrown, place)
  const options = fix === undefined ? { cause: thrown } : { cause: thrown, fix }
  return new AquiferError(code, `Connection ${place.connection}: ${problem}`, options)
}

/** The number by which ClickHouse names an error; undefined for what did not come from it. */
function errorNumber(thrown: unknown): number | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' && /^\d+$/.test(code) ? Number(code) : undefined
}

/** Whether it was asked to change a setting, or anything else, for somebody who may only read. */
export function isReadOnly(thrown: unknown): boolean {
  return errorNumber(thrown) === 164
}

/** Whether a connection that was kept open was closed by the other side: nothing was answered, and it may be asked again. */
export function isConnectionLost(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE'
}

type Worded = readonly [code: ErrorCode, problem: string, fix?: string]
type Wording = (name: string, place: Place) => Worded

function word(thrown: unknown, place: Place): Worded {
  const message = thrown instanceof Error ? thrown.message : ''
  const number = errorNumber(thrown)
  if (number === undefined) return wordConnection(thrown, message)
  const known = byNumber.get(number)
  if (known !== undefined) return known(nameIn(message, place.sql), place)
  return ['METRIC_SQL_FAILED', `it refuses the statement (code ${String(number)})`]
}

const same =
  (...worded: Worded): Wording =>
  () =>
    worded

const noColumn: Wording = (name) => ['METRIC_SQL_FAILED', `there is no column${name}`]
const noTable: Wording = (name) => ['METRIC_TABLE_UNKNOWN', `there is no table${name}`]
const badSql = same('METRIC_SQL_FAILED', 'an expression is not valid SQL')
const badType = same('METRIC_SQL_FAILED', 'an expression mixes types')
const badValue = same('METRIC_SQL_FAILED', 'an expression reads text as something that it is not')
const badGroup = same('METRIC_SQL_FAILED', 'a column is neither grouped by nor aggregated')
const timedOut: Wording = (_, { timeoutMs = 0 }) => [
  'METRIC_TIMEOUT',
  `no answer within ${String(timeoutMs / 1000)} s.`,
]
const tooLarge = same('METRIC_TOO_LARGE', 'the database ran out of the memory or rows that it allows')
const refused = same('METRIC_ENGINE_AUTH', 'the database refuses this user or password')
const forbidden: Wording = (_, { tables = [] }) => [
  'METRIC_ENGINE_AUTH',
  `this user may not read what the statement needs${tables.length === 0 ? '' : ` (${tables.join(', ')})`}`,
]
const network = same('METRIC_ENGINE_UNREACHABLE', 'the servers of the database do not reach one another')
const readOnly = same(
  'METRIC_SQL_FAILED',
  'the statement writes, changes settings or reads elsewhere, and nothing of the kind is done here',
)

const unit: readonly (readonly [Wording, readonly number[]])[] = [
  [noColumn, [8, 10, 16, 47]],
  [noTable, [60, 81]],
  [badSql, [62]],
  [badType, [43, 53, 386]],
  [badValue, [6, 27, 38, 41, 70, 72]],
  [badGroup, [184, 215]],
  [timedOut, [159, 160]],
  [tooLarge, [131, 158, 241, 243, 307, 396]],
  [refused, [192, 193, 194, 516]],
  [forbidden, [291, 497]],
  [readOnly, [164]],
  [network, [209, 210, 279]],
  [(name) => ['METRIC_SQL_FAILED', `there is no function${name}`], [46]],
  [(name) => ['METRIC_SQL_FAILED', `column${name} is ambiguous`], [207, 352]],
  [same('METRIC_SQL_FAILED', 'an expression divides by zero'), [153]],
  [same('METRIC_ENGINE_UNREACHABLE', 'somebody stopped the statement in the database'), [394, 735]],
  [same('METRIC_ENGINE_UNREACHABLE', 'the database runs too many statements already'), [202]],
  [same('CONFIG_INVALID', 'the server is older than ClickHouse 24', 'Upgrade the server.'), [115]],
  [same('INTERNAL', 'the statement and its values do not fit together'), [456, 457]],
]

const byNumber: ReadonlyMap<number, Wording> = new Map(
  unit.flatMap(([wording, numbers]) => numbers.map((number) => [number, wording] as const)),
)

/** The name that a message quotes, with a blank before it, where it is one of our statement's own: others may be values. */
function nameIn(message: string, sql: string | undefined): string {
  const found = /[`']([^`']+)[`']|(?:Table|Database) (\S+) does|Unknown function (\w+)/.exec(message)
  const name = found?.slice(1).find((part) => part !== undefined)
  const last = name?.split('.').at(-1)
  return name !== undefined && last !== undefined && sql?.includes(last) === true ? ` ${name}` : ''
}

function wordConnection(thrown: unknown, message: string): Worded {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (/SSL|TLS|CERT|SELF_SIGNED|UNABLE_TO/i.test(code)) {
    return ['METRIC_ENGINE_UNREACHABLE', 'no secure connection could be made']
  }
  if (/timeout/i.test(message)) return ['METRIC_ENGINE_UNREACHABLE', 'the database does not answer']
  return ['METRIC_ENGINE_UNREACHABLE', reasons[code] ?? 'the connection was lost, or what answers is no ClickHouse']
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'its host is not known',
  EAI_AGAIN: 'its host could not be looked up',
  ETIMEDOUT: 'the database does not answer',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its host',
}
