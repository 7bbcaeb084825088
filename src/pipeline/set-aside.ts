import type { Change } from '../../schemas/record.ts'
import { errorTable } from '../core/error-table.ts'
import { AquiferError, toErrorView, type ErrorCode } from '../core/errors.ts'
import type { DeadLetterWrite } from '../core/ledger-sync.ts'
import type { Put } from './map-change.ts'

type Item = Exclude<Change, { readonly kind: 'checkpoint' }>

/** The dead letter of a change that goes no further: its indexer rejects it, or its key cannot be kept. */
export function refusedLetter(change: Item): DeadLetterWrite | undefined {
  const wrong = wrongKey(change.key)
  if (wrong !== undefined) {
    return { ...letterFor({ ...change, key: letterKey(change.key) }, 'RECORD_INVALID', wrong), stage: 'validate' }
  }
  if (change.kind !== 'reject') return undefined
  // Every code that an indexer can give is in the table; another is a slip of its author.
  return letterFor(change, change.code in errorTable ? (change.code as ErrorCode) : 'RECORD_INVALID', change.message)
}

/** How a dead letter names an item, whose key may be what is wrong with it. */
export function letterKey(key: string): string {
  return key.replaceAll('\0', '\uFFFD').slice(0, 500)
}

/** The dead letter of an item that was read and could not be processed. */
export function failedLetter(
  { key, position }: Pick<Put, 'key' | 'position'>,
  stage: DeadLetterWrite['stage'],
  error: unknown,
): DeadLetterWrite {
  const known =
    error instanceof AquiferError ? error : new AquiferError('RECORD_INVALID', 'The item could not be processed.')
  return { key, stage, position, error: toErrorView(known) }
}

function letterFor(
  { key, position }: Pick<Item, 'key' | 'position'>,
  code: ErrorCode,
  message: string,
): DeadLetterWrite {
  return { key, stage: 'read', position, error: { code, message, fix: errorTable[code].fix } }
}

/** A key is part of an index, whose entries hold less than a third of a page. */
const longestKeyBytes = 2000

function wrongKey(key: string): string | undefined {
  if (key === '') return 'The item has an empty key.'
  if (key.includes('\0')) return 'The key holds a NUL character.'
  return Buffer.byteLength(key) > longestKeyBytes
    ? `The key has more than ${String(longestKeyBytes)} bytes.`
    : undefined
}
