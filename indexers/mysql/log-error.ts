import { AquiferError } from '../../src/core/errors.ts'
import { expired, invalidSource } from '../../src/core/source-error.ts'
import { errorNumber, toSourceError } from './source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

/** Whatever the log's reader threw, in our words. */
export function toLogError(thrown: unknown, place: Place): AquiferError {
  if (thrown instanceof AquiferError) return thrown
  const number = errorNumber(thrown)
  const text = thrown instanceof Error ? thrown.message : ''
  if (number !== undefined) return wordNumber(number, text, thrown, place)
  if (text.startsWith('Insufficient permissions to access') || text.includes('schema changed between')) {
    return expired(place, 'a table that its log tells of was dropped or altered since', thrown)
  }
  const isNetwork =
    text === 'timeout' || text === 'the connection was lost' || (thrown instanceof Error && 'code' in thrown)
  if (isNetwork || text.startsWith('Control connection unavailable')) return toSourceError(thrown, place)
  const [, setting] = /\b(binlog_transaction_compression|binlog_row_value_options)\b/.exec(text) ?? []
  return invalidSource(place, 'the binary log holds what cannot be read', {
    cause: thrown,
    fix:
      setting === undefined
        ? 'Leave the tables that hold columns of new types out, and report this with the version of the server.'
        : `Switch ${setting} off, in the configuration of the server too, then run \`aquifer sync --full\`.`,
  })
}

/** ER_MASTER_FATAL_ERROR_READING_BINLOG and what MariaDB says of a place that it does not know. */
const lostPlaces: ReadonlySet<number> = new Set([1236, 1789, 1945, 1951, 1955])

function wordNumber(number: number, text: string, thrown: unknown, place: Place): AquiferError {
  if (number === 1236 && /same server|max_allowed_packet/i.test(text)) {
    return new AquiferError('SOURCE_UNREACHABLE', `${place.subject}: the server broke off its log`, { cause: thrown })
  }
  if (lostPlaces.has(number)) return expired(place, 'the server no longer has what its log said next', thrown)
  if (number === 1227) {
    return new AquiferError('SOURCE_AUTH', `${place.subject}: this user may not read the binary log`, {
      cause: thrown,
      fix: 'GRANT REPLICATION SLAVE ON *.* TO the user of the connection.',
    })
  }
  return toSourceError(thrown, place)
}
