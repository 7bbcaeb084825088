import type { Json } from '../../../schemas/record.ts'
import { AquiferError } from '../../core/errors.ts'

/** A vector as `[1,2,…]` or a list of numbers; undefined for null. RECORD_INVALID for anything else. */
export function parseVector(value: Json, column: string): Float32Array | undefined {
  if (value === null) return undefined
  const numbers = typeof value === 'string' ? numbersIn(value) : value
  if (Array.isArray(numbers) && numbers.length > 0) {
    const vector = Float32Array.from(numbers, (number) => (typeof number === 'number' ? number : Number.NaN))
    if (vector.every(Number.isFinite)) return vector
  }
  throw new AquiferError('RECORD_INVALID', `The column ${column} holds no vector of finite numbers such as [0.1,0.2].`)
}

function numbersIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not quoted: the value stays out of messages.
    return undefined
  }
}
