import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Caller } from '../core/caller.ts'
import { AquiferError } from '../core/errors.ts'
import type { SearchPlan } from './plan-search.ts'

/**
 * Where a search goes on: an offset, signed together with the request and the caller it was made for. It holds no
 * results; the next page is searched and authorised again.
 */
export function writePageCursor(secret: string, plan: SearchPlan, caller: Caller, offset: number): string {
  return `${String(offset)}.${sign(secret, plan, caller, offset).toString('base64url')}`
}

export function readPageCursor(secret: string, plan: SearchPlan, caller: Caller, cursor: string): number {
  const [offset = '', signature = ''] = cursor.split('.')
  const number = Number(offset)
  const expected = sign(secret, plan, caller, number)
  const given = Buffer.from(signature, 'base64url')
  if (!Number.isSafeInteger(number) || given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new AquiferError('PAGE_CURSOR_INVALID', 'The cursor does not belong to this query and caller.')
  }
  return number
}

function sign(secret: string, { query, filter }: SearchPlan, caller: Caller, offset: number): Buffer {
  const { sources, facets } = filter
  const request = JSON.stringify([offset, query, sources ?? null, facets, caller.id, caller.admin, caller.groups])
  return createHmac('sha256', secret).update(request).digest().subarray(0, 16)
}
