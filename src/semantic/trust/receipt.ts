import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Receipt } from '../../../schemas/numbers.ts'
import { AquiferError } from '../../core/errors.ts'
import type { Cell } from '../engine.ts'
import { hashOf } from './hash.ts'

export type UnsignedReceipt = Omit<Receipt, 'signature'>

export function signReceipt(receipt: UnsignedReceipt, secret: string): Receipt {
  return { ...receipt, signature: signatureOf(receipt, secret).toString('base64url') }
}

/** RECEIPT_INVALID where another deployment signed it, or somebody changed it. */
export function checkReceipt({ signature, ...receipt }: Receipt, secret: string): void {
  const expected = signatureOf(receipt, secret)
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new AquiferError('RECEIPT_INVALID', 'The receipt is not one of this deployment, or it was changed.')
  }
}

const signatureOf = (receipt: UnsignedReceipt, secret: string): Buffer =>
  createHmac('sha256', secret).update(canonical(receipt)).digest()

/** JSON with its keys in order: a receipt may have been written anew on its way. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`
}

/** Of rows; the last digits of a double depend on the order in which a database happened to add. */
export function digestOf(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const rounded = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? Number(cell.toPrecision(11)) : cell)))
  return hashOf([columns, rounded]).slice(0, 32)
}
