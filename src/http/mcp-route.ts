import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type AuthInfo, createMcpHandler } from '@modelcontextprotocol/server'
import type { Caller } from '../core/caller.ts'
import { createServer } from '../mcp/create-server.ts'
import type { Door } from '../mcp/door.ts'
import { readBody } from './read-body.ts'

export interface McpRoute {
  /** Answers one request of this caller; aborts its calls when the client goes away. */
  readonly handle: (request: IncomingMessage, response: ServerResponse, caller: Caller) => Promise<void>
  /** Waits for the answers under way, then ends the subscriptions. */
  readonly close: () => Promise<void>
}

/**
 * MCP over Streamable HTTP, both eras, without sessions: every request gets a server of its own. Old clients are
 * served statelessly (GET and DELETE answer 405), which is all that tools need.
 */
export function createMcpRoute(door: Door): McpRoute {
  const handler = createMcpHandler((context) => createServer(door, callerOf(context.authInfo)), {
    maxSubscriptions: 256,
    onerror: (error) => door.log.debug({ name: error.name }, 'an MCP request was refused'),
  })
  const underWay = new Set<Promise<void>>()
  const handle = async (request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> => {
    const gone = abortWhenGone(response)
    const text = request.method === 'POST' ? await readBody(request) : ''
    const parsedBody = parse(text)
    const answering = handler
      .fetch(toWebRequest(request, parsedBody === undefined ? text : '', gone), {
        authInfo: authInfoOf(caller),
        ...(parsedBody === undefined ? {} : { parsedBody }),
      })
      .then((reply) => write(reply, response))
    if (!isSubscription(parsedBody)) underWay.add(answering)
    try {
      await answering
    } finally {
      underWay.delete(answering)
    }
  }
  return {
    handle,
    close: async () => {
      await Promise.allSettled(underWay)
      await handler.close()
    },
  }
}

/** A subscription's answer lasts as long as the client wants. */
function isSubscription(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'method' in body && body.method === 'subscriptions/listen'
}

/** The SDK hands this through as it is. The token stays behind at the door. */
function authInfoOf(caller: Caller): AuthInfo {
  return { token: '', clientId: caller.id, scopes: [], extra: { caller } }
}

function callerOf(authInfo: AuthInfo | undefined): Caller {
  const caller = authInfo?.extra?.['caller']
  if (caller === undefined) throw new Error('a request reached MCP without a caller')
  // Put there by authInfoOf, a few lines above.
  return caller as Caller
}

function abortWhenGone(response: ServerResponse): AbortSignal {
  const abort = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) abort.abort()
  })
  return abort.signal
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The body goes beside it, parsed; only one that is not JSON goes along, for the SDK to refuse. */
function toWebRequest(request: IncomingMessage, body: string, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (name === 'authorization' || value === undefined) continue
    headers.set(name, typeof value === 'string' ? value : value.join(', '))
  }
  const method = request.method ?? 'GET'
  return new Request('http://localhost/mcp', { method, headers, signal, ...(body === '' ? {} : { body }) })
}

async function write(answer: Response, response: ServerResponse): Promise<void> {
  const headers = { ...Object.fromEntries(answer.headers), 'cache-control': 'no-store' }
  if (answer.body === null || answer.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
    const body = Buffer.from(await answer.arrayBuffer())
    response.writeHead(answer.status, { ...headers, 'content-length': String(body.length) }).end(body)
    return
  }
  response.writeHead(answer.status, headers)
  await pipeline(Readable.fromWeb(answer.body), response)
}
