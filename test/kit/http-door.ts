import { request } from 'node:http'
import type { Caller } from '../../src/core/caller.ts'
import type { HttpOptions, HttpServer } from '../../src/http/start-http.ts'
import { startHttp } from '../../src/http/start-http.ts'
import { admin, clerk } from './mcp-door.ts'
import { memoryKnowledge } from './memory-knowledge.ts'
import { shopRecords } from './shop-records.ts'
import { openTestLog, type TestLog } from './test-log.ts'

export const clerksKey = 'aq_clerk-0123456789abcdef'
export const adminsKey = 'aq_admin-0123456789abcdef'
const keys: ReadonlyMap<string, Caller> = new Map([
  [clerksKey, clerk],
  [adminsKey, { id: 'ops', groups: [], admin: true }],
])

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

export interface HttpDoor extends AsyncDisposable {
  readonly server: HttpServer
  readonly log: TestLog
  /** One request as given: also with headers that a fetch would not send. */
  readonly ask: (path: string, options?: Ask) => Promise<Reply>
}

/** The HTTP door on a free port of the loopback, or on all addresses, over records in memory. */
export async function openHttp(options: Partial<HttpOptions> = {}): Promise<HttpDoor> {
  const memory = memoryKnowledge(shopRecords)
  const log = openTestLog()
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    knowledge: async () => memory,
    callers: { find: async (key) => keys.get(key) },
    local: admin,
    status: async () => ({
      sources: [...(await memory.describe(admin))],
      stores: [{ name: 'ledger', kind: 'ledger', generation: 1, chunks: 4, behind: 0 }],
      usage: { tokens: 0, cost: 0 },
      notices: [],
    }),
    ready: async () => ({ ok: true, checks: [{ name: 'ledger', ok: true }] }),
    log,
    version: '1.2.3',
    ...options,
  })
  return {
    server,
    log,
    ask: (path, sent = {}) => send(server.port, path, sent),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function send(port: number, path: string, { method = 'GET', headers = {}, body }: Ask): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

/** A JSON-RPC message as an old client sends it. */
export function mcpCall(body: object, headers: Readonly<Record<string, string>> = {}): Ask {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify(body),
  }
}

/** A tools/call as clients of 2026-07-28 send it. */
export function newMcpCall(id: number, name: string, args: object): Ask {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const params = { name, arguments: args, _meta: meta }
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name }
  return mcpCall({ jsonrpc: '2.0', id, method: 'tools/call', params }, headers)
}

/** The JSON-RPC message in an answer, sent as JSON or as one event. */
export function mcpAnswer({ text }: Reply): unknown {
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text)
}
