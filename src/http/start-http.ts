import { type Server, createServer } from 'node:http'
import type { Status } from '../../schemas/search.ts'
import type { Caller } from '../core/caller.ts'
import { AquiferError } from '../core/errors.ts'
import type { Knowledge } from '../core/knowledge.ts'
import type { Log } from '../core/log.ts'
import { createCallGate } from '../mcp/call-gate.ts'
import type { Door } from '../mcp/door.ts'
import type { Callers } from './authenticate.ts'
import { isLoopback, listen } from './listen.ts'
import { createMcpRoute } from './mcp-route.ts'
import { createMetrics } from './metrics.ts'
import { type Readiness, createReadiness } from './readiness.ts'
import { createRouter } from './router.ts'

export interface HttpOptions {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** See Door: asked when a call needs it, never to list tools. */
  readonly knowledge: () => Promise<Knowledge>
  readonly numbers?: Door['numbers']
  /** Needed on any address but the loopback. */
  readonly callers?: Callers
  /** Whom a call without a key acts as, on the loopback alone. */
  readonly local: Caller
  /** Further names by which clients reach this service, as in a Host header without its port. */
  readonly allowedHosts?: readonly string[]
  /** Everything there is, for administrators. */
  readonly status: () => Promise<Status>
  readonly ready: () => Promise<Readiness>
  readonly log: Log
  readonly version: string
  /** How long calls under way may still take once the server is closed; 5 s when absent. */
  readonly finishMs?: number
}

export interface HttpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Where the service is reached, such as http://127.0.0.1:8080 */
  readonly url: string
  /** Other machines reach it, so every call needs a key. */
  readonly keyNeeded: boolean
}

/** Starts the HTTP door. Closing it takes no new request, answers those under way, and ends after `finishMs` at most. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const metrics = createMetrics()
  const { knowledge, numbers, log, version } = options
  const mcp = createMcpRoute({ knowledge, numbers, gate: createCallGate(), log, version, observe: metrics.observeCall })
  const server = createServer({
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
    maxHeaderSize: 16_384,
  })
  server.maxConnections = 2000
  const address = await listen(server, options.host, options.port)
  const loopback = isLoopback(address.address)
  if (!loopback && options.callers === undefined) {
    server.close()
    throw new AquiferError('KEY_REQUIRED', `${options.host} can be reached from other machines, and there is no key.`)
  }
  const allowedHosts = options.allowedHosts ?? []
  server.on(
    'request',
    createRouter({
      ...options,
      hosts: { loopback, allowedHosts: loopback ? [...allowedHosts, options.host] : allowedHosts },
      local: loopback ? options.local : undefined,
      ready: createReadiness(options.ready),
      metrics,
      mcp,
    }),
  )
  server.on('error', (error) => log.error({ name: error.name }, 'the HTTP server failed'))
  return {
    host: address.address,
    port: address.port,
    keyNeeded: !loopback,
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    [Symbol.asyncDispose]: () => shutDown(server, mcp.close, options.finishMs ?? 5000),
  }
}

/** Stops accepting, lets the last answers go out while time is left, then cuts what is still connected. */
async function shutDown(server: Server, finish: () => Promise<void>, finishMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, finishMs)
  await Promise.race([finish().then(() => closed), late.promise])
  clearTimeout(timer)
  server.closeAllConnections()
  await closed
}
