import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { AquiferError } from '../core/errors.ts'

export interface HostPolicy {
  /** Whether only programs of this machine can connect. */
  readonly loopback: boolean
  /** Names this service is reached by, besides those of the loopback. */
  readonly allowedHosts: readonly string[]
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']
const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i

/**
 * Refuses what a web page could have sent through a name that was pointed at this address (DNS rebinding) or from
 * another site. On the loopback only known names pass. On other addresses, where each call needs a key that no page
 * has, any name passes unless names are configured, and so does an address: a rebound name is never one.
 */
export function checkOrigin(headers: IncomingHttpHeaders, policy: HostPolicy): void {
  const host = hostname(headers.host ?? '')
  const known = [...loopbackNames, ...policy.allowedHosts.map((name) => name.toLowerCase())]
  if (host === undefined || !hostAllowed(host, known, policy)) {
    throw new AquiferError('HOST_REFUSED', 'The Host header does not name this service.')
  }
  if (headers.origin === undefined) return
  const origin = originHostname(headers.origin)
  const sameSite = !policy.loopback && origin === host
  if (origin === undefined || !(sameSite || known.includes(origin))) {
    throw new AquiferError('ORIGIN_REFUSED', 'The Origin header names another site.')
  }
}

function hostAllowed(host: string, known: readonly string[], policy: HostPolicy): boolean {
  if (known.includes(host)) return true
  if (policy.loopback) return false
  return policy.allowedHosts.length === 0 || isIP(host.replace(/^\[|\]$/g, '')) !== 0
}

function hostname(header: string): string | undefined {
  return hostPattern.exec(header)?.[1]?.toLowerCase().replace(/\.$/, '')
}

function originHostname(header: string): string | undefined {
  const url = URL.parse(header)
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.hostname : undefined
}
