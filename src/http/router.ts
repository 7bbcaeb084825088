import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Status } from '../../schemas/search.ts'
import type { Caller } from '../core/caller.ts'
import { AquiferError, type ErrorView, toAquiferError, toErrorView } from '../core/errors.ts'
import type { Knowledge } from '../core/knowledge.ts'
import type { Log } from '../core/log.ts'
import { describeCause } from '../mcp/describe-cause.ts'
import { viewFor } from '../mcp/view-for.ts'
import { type Callers, authenticate, challenge } from './authenticate.ts'
import { type HostPolicy, checkOrigin } from './check-origin.ts'
import { consoleHeaders, consolePage } from './console-page.ts'
import type { McpRoute } from './mcp-route.ts'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'
import { send, sendError, sendJson, statusOf } from './send.ts'

type View = Pick<Status, 'sources' | 'stores' | 'notices'>

export interface RouterOptions {
  readonly hosts: HostPolicy
  readonly callers?: Callers
  /** Whom a request without a key acts as; undefined where every request needs one. */
  readonly local: Caller | undefined
  readonly knowledge: () => Promise<Knowledge>
  readonly status: () => Promise<View>
  readonly ready: () => Promise<Readiness>
  readonly metrics: Metrics
  readonly mcp: McpRoute
  readonly log: Log
  readonly version: string
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

type Route = (exchange: Exchange, options: RouterOptions, caller: Caller) => Promise<void>

const open: ReadonlyMap<string, (exchange: Exchange, options: RouterOptions) => Promise<void>> = new Map([
  ['/healthz', async ({ response }) => sendJson(response, 200, { ok: true })],
  ['/readyz', answerReadiness],
])
const guarded: ReadonlyMap<string, Route> = new Map([
  ['/mcp', ({ request, response }, { mcp }, caller) => mcp.handle(request, response, caller)],
  ['/metrics', answerMetrics],
  ['/', answerConsole],
])

/** Answers every request; Host and Origin are checked first, then who is asking. Never logs more than the route's name. */
export function createRouter(options: RouterOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    const route = open.has(path) || guarded.has(path) ? path : 'other'
    response.once('close', () => options.metrics.observeRequest(route, response.statusCode))
    answer({ request, response }, route, options).catch((error: unknown) => {
      // Even the refusal could not be sent: the client is gone, or this is a bug.
      options.log.debug({ route, cause: describeCause(error) }, 'a request ended without an answer')
      response.destroy()
    })
  }
}

async function answer(exchange: Exchange, route: string, options: RouterOptions): Promise<void> {
  const { request } = exchange
  let caller: Caller | undefined
  try {
    checkOrigin(request.headers, options.hosts)
    const openRoute = open.get(route)
    if (openRoute !== undefined) {
      checkMethod(route, request)
      return await openRoute(exchange, options)
    }
    caller = await authenticate(request.headers, options.callers, options.local)
    const guardedRoute = guarded.get(route)
    if (guardedRoute === undefined) throw new AquiferError('ROUTE_UNKNOWN', 'There is nothing at this path.')
    checkMethod(route, request)
    await guardedRoute(exchange, options, caller)
  } catch (thrown) {
    refuse(exchange, route, options, caller, toAquiferError(thrown))
  }
}

function checkMethod(route: string, request: IncomingMessage): void {
  // MCP answers other methods by its own rules.
  if (route === '/mcp' || request.method === 'GET' || request.method === 'HEAD') return
  throw new AquiferError('METHOD_NOT_ALLOWED', 'This path can only be read.')
}

function refuse(
  { request, response }: Exchange,
  route: string,
  options: RouterOptions,
  caller: Caller | undefined,
  error: AquiferError,
): void {
  const details = { route, caller: caller?.id, code: error.code }
  if (error.kind === 'bug') options.log.error({ ...details, cause: describeCause(error.cause) }, 'a request failed')
  else options.log.debug(details, 'a request was refused')
  const headers: Record<string, string> = {}
  if (statusOf(error.code) === 401) headers['www-authenticate'] = challenge(request.headers)
  if (error.code === 'METHOD_NOT_ALLOWED') headers['allow'] = 'GET, HEAD'
  if (!request.complete) {
    // The rest of the body is read and dropped, so that the client gets to read the answer.
    headers['connection'] = 'close'
    request.resume()
  }
  sendError(response, caller === undefined ? strangersView(error) : viewFor(error, caller), headers)
}

/** Refusals are the door's own words; of anything else a stranger learns nothing. */
function strangersView(error: AquiferError): ErrorView {
  return error.kind === 'forbidden' ? toErrorView(error) : viewFor(error, { id: '', groups: [], admin: false })
}

async function answerReadiness({ response }: Exchange, options: RouterOptions): Promise<void> {
  const readiness = await options.ready()
  sendJson(response, readiness.ok ? 200 : 503, readiness)
}

async function answerMetrics({ response }: Exchange, options: RouterOptions, caller: Caller): Promise<void> {
  const view = await viewOf(options, caller).catch(() => undefined)
  send(response, 200, options.metrics.contentType, await options.metrics.render(view))
}

async function answerConsole({ request, response }: Exchange, options: RouterOptions, caller: Caller): Promise<void> {
  const view = await viewOf(options, caller)
  const page = consolePage({
    ...view,
    caller: caller.id,
    version: options.version,
    mcpUrl: `http://${request.headers.host ?? ''}/mcp`,
    keyNeeded: options.local === undefined,
  })
  send(response, 200, 'text/html; charset=utf-8', page, consoleHeaders)
}

/** Administrators see everything; others their own view of the sources and nothing of the stores. */
async function viewOf(options: RouterOptions, caller: Caller): Promise<View> {
  if (caller.admin) return options.status()
  const knowledge = await options.knowledge()
  return { sources: [...(await knowledge.describe(caller))], stores: [], notices: [] }
}
