import { AquiferError } from '../../core/errors.ts'

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** An error of the driver as one of ours. Its own text may hold values, hosts and SQL, so it stays in `cause`. */
export function mapPostgresError(error: unknown): AquiferError {
  if (error instanceof AquiferError) return error
  const code = codeOf(error)
  const cause = error
  if (code === '57014') return new AquiferError('LEDGER_TIMEOUT', 'The ledger took too long to answer.', { cause })
  if (code === '53100' || code === 'ENOSPC')
    return new AquiferError('DISK_FULL', 'The disk of the ledger is full.', { cause })
  if (code === '28P01' || code === '28000')
    return new AquiferError('LEDGER_AUTH', 'The ledger refused user or password.', { cause })
  if (code === '3D000')
    return new AquiferError('LEDGER_UNREACHABLE', 'The database named in `ledger` does not exist.', { cause })
  if (code === '42501') {
    return new AquiferError(
      'LEDGER_AUTH',
      "The ledger's user lacks a right (it must own its schema and be able to create in it).",
      { cause },
    )
  }
  if (isConnectionError(code, error))
    return new AquiferError('LEDGER_UNREACHABLE', 'The ledger cannot be reached.', { cause })
  return new AquiferError(
    'LEDGER_FAILED',
    `The ledger refused an operation${code === '' ? '' : ` (SQLSTATE ${code})`}.`,
    { cause },
  )
}

function isConnectionError(code: string, error: unknown): boolean {
  if (code.startsWith('08') || code.startsWith('57P') || code === '53300') return true
  if (/^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE)/.test(code)) return true
  return (
    error instanceof Error &&
    /Connection terminated|timeout exceeded when trying to connect|not queryable/.test(error.message)
  )
}

/** An operation that the change of generation by another process broke in two: its tables were dropped meanwhile. */
export function isGenerationGone(error: unknown): boolean {
  return codeOf(error) === '42P01' || codeOf(error) === 'XX000'
}
