import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from '../core/caller.ts'
import { AquiferError } from '../core/errors.ts'

/** Who holds a key. */
export interface Callers {
  find(key: string): Promise<Caller | undefined>
}

const bearer = /^Bearer +([\w.~+/-]{1,512}=*)$/i

/**
 * The caller of a request. A key that is sent must be right, wherever it comes from; without one the caller is
 * `local`, if there is one. What a proxy passes on is not local, although it comes from this machine.
 */
export async function authenticate(
  headers: IncomingHttpHeaders,
  callers: Callers | undefined,
  local: Caller | undefined,
): Promise<Caller> {
  if (headers.authorization === undefined) {
    if (local !== undefined && !isForwarded(headers)) return local
    throw new AquiferError('KEY_INVALID', 'This needs a key, and none was sent.')
  }
  const key = bearer.exec(headers.authorization)?.[1]
  const caller = key === undefined ? undefined : await callers?.find(key)
  if (caller === undefined) throw new AquiferError('KEY_INVALID', 'The key that was sent is not valid.')
  return caller
}

/** The WWW-Authenticate header of RFC 6750: it names an error only where a key was sent. */
export function challenge(headers: IncomingHttpHeaders): string {
  const error = headers.authorization === undefined ? '' : ', error="invalid_token"'
  return `Bearer realm="aquifer"${error}`
}

function isForwarded(headers: IncomingHttpHeaders): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'].some((name) => headers[name] !== undefined)
}
