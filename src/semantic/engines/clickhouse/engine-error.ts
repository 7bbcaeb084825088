import type { AquiferError } from '../../../core/errors.ts'
import {
  ambiguous,
  badGroup,
  badSql,
  badType,
  badValue,
  badValues,
  byZero,
  forbidden,
  noColumn,
  noFunction,
  noTable,
  ownName,
  same,
  timedOut,
  toEngineError,
  wordNetwork,
  type Place,
  type Worded,
  type Wording,
} from '../../engine-words.ts'

/** What the server reported after it had begun to answer. */
export class ReportedLate extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'ReportedLate'
    this.code = code
  }
}

/** Whatever the client threw, in our words. */
export const toClickhouseError = (thrown: unknown, place: Place): AquiferError =>
  toEngineError(thrown, place.connection, (error) => word(error, place))

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

function word(thrown: unknown, place: Place): Worded {
  const message = thrown instanceof Error ? thrown.message : ''
  const number = errorNumber(thrown)
  if (number === undefined) return wordConnection(thrown, message)
  const known = byNumber.get(number)
  if (known !== undefined) return known(nameIn(message, place.sql), place)
  return ['METRIC_SQL_FAILED', `it refuses the statement (code ${String(number)})`]
}

const tooLarge = same('METRIC_TOO_LARGE', 'the database ran out of the memory or rows that it allows')
const refused = same('METRIC_ENGINE_AUTH', 'the database refuses this user or password')
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
  [noFunction, [46]],
  [ambiguous, [207, 352]],
  [byZero, [153]],
  [same('METRIC_ENGINE_UNREACHABLE', 'somebody stopped the statement in the database'), [394, 735]],
  [same('METRIC_ENGINE_UNREACHABLE', 'the database runs too many statements already'), [202]],
  [same('CONFIG_INVALID', 'the server is older than ClickHouse 24', 'Upgrade the server.'), [115]],
  [badValues, [456, 457]],
]

const byNumber: ReadonlyMap<number, Wording> = new Map(
  unit.flatMap(([wording, numbers]) => numbers.map((number) => [number, wording] as const)),
)

/** The name that a message quotes, with a blank before it, where it is one of our statement's own: others may be values. */
function nameIn(message: string, sql: string | undefined): string {
  const found = /[`']([^`']+)[`']|(?:Table|Database) (\S+) does|Unknown function (\w+)/.exec(message)
  const name = found?.slice(1).find((part) => part !== undefined)
  return ownName(name, sql)
}

function wordConnection(thrown: unknown, message: string): Worded {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (/SSL|TLS|CERT|SELF_SIGNED|UNABLE_TO/i.test(code)) {
    return ['METRIC_ENGINE_UNREACHABLE', 'no secure connection could be made']
  }
  if (/timeout/i.test(message)) return ['METRIC_ENGINE_UNREACHABLE', 'the database does not answer']
  return [
    'METRIC_ENGINE_UNREACHABLE',
    wordNetwork(thrown) ?? 'the connection was lost, or what answers is no ClickHouse',
  ]
}
