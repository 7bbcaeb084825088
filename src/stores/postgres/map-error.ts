import { AquiferError, type ErrorCode } from '../../core/errors.ts'

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''

type Worded = readonly [code: ErrorCode, message: string, fix?: string]

const diskFull: Worded = ['DISK_FULL', 'The disk of the ledger is full.']
const damaged: Worded = ['LEDGER_DAMAGED', 'Postgres finds the files of the ledger damaged.']
const refused: Worded = ['LEDGER_AUTH', 'The ledger refused user or password.']
const notOurs: Worded = [
  'CONFIG_INVALID',
  'The URL of `ledger` is not a Postgres URL.',
  'Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE, with special characters percent-encoded.',
]

/** By SQLSTATE, or the code of an error of the system or of Node. */
const byCode: Readonly<Record<string, Worded>> = {
  '28000': refused,
  '28P01': refused,
  '3D000': ['LEDGER_UNREACHABLE', 'The database named in `ledger` does not exist.'],
  '42501': ['LEDGER_AUTH', "The ledger's user lacks a right (it must own its schema and be able to create in it)."],
  '53100': diskFull,
  '57014': ['LEDGER_TIMEOUT', 'The ledger took too long to answer.'],
  XX001: damaged,
  XX002: damaged,
  ENOSPC: diskFull,
  ERR_INVALID_URL: notOurs,
}

/** An error of the driver as one of ours. Its own text may hold values, hosts and SQL, so it stays in `cause`. */
export function mapPostgresError(error: unknown): AquiferError {
  if (error instanceof AquiferError) return error
  const [code, message, fix] = word(codeOf(error), error instanceof Error ? error.message : '')
  return new AquiferError(code, message, { cause: error, ...(fix === undefined ? {} : { fix }) })
}

function word(code: string, text: string): Worded {
  const known = byCode[code]
  if (known !== undefined) return known
  if (isConnectionError(code, text)) {
    // Codes of the system name no host; what has none was a connection that ended or never began.
    const reason = code === '' ? 'no answer' : code
    return ['LEDGER_UNREACHABLE', `The Postgres of \`ledger\` cannot be reached (${reason}).`]
  }
  if (/^SASL|password must be a string/.test(text))
    return ['LEDGER_AUTH', 'The Postgres of `ledger` asks for a password.']
  return ['LEDGER_FAILED', `The ledger refused an operation${code === '' ? '' : ` (SQLSTATE ${code})`}.`]
}

function isConnectionError(code: string, text: string): boolean {
  if (code.startsWith('08') || code.startsWith('57P') || code === '53300') return true
  if (/^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE)/.test(code)) return true
  return /Connection terminated|timeout exceeded when trying to connect|not queryable/.test(text)
}

/** Refuses what the driver would take for the name of a host or a database. */
export function checkPostgresUrl(url: string): void {
  const [code, message, fix] = notOurs
  if (!/^postgres(?:ql)?:\/\//.test(url)) throw new AquiferError(code, message, fix === undefined ? {} : { fix })
}

/** An operation that the change of generation by another process broke in two: its tables were dropped meanwhile. */
export function isGenerationGone(error: unknown): boolean {
  return codeOf(error) === '42P01' || codeOf(error) === 'XX000'
}
