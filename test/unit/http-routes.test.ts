import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import { adminsKey, clerksKey, mcpCall, openHttp } from '../kit/http-door.ts'
import { initialize, toolCall } from '../kit/raw-stdio.ts'

test('health and readiness are told to anybody, in JSON that nobody keeps', async () => {
  await using door = await openHttp({ host: '0.0.0.0' })
  const health = await door.ask('/healthz')
  expect([health.status, health.text]).toEqual([200, '{"ok":true}'])
  expect(health.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  const ready = await door.ask('/readyz')
  expect([ready.status, ready.text]).toEqual([200, '{"ok":true,"checks":[{"name":"ledger","ok":true}]}'])
})

test('not ready is 503 with what failed, and no detail of it', async () => {
  const checks = [{ name: 'lexical', ok: false, message: 'http://10.0.0.7:9200 refused' }]
  await using door = await openHttp({ ready: async () => ({ ok: false, checks }) })
  const { status, text } = await door.ask('/readyz')
  expect([status, text]).toEqual([503, '{"ok":false,"checks":[{"name":"lexical","ok":false}]}'])
})

test('readiness that fails is 503, and it is not asked more than once a second', async () => {
  let asked = 0
  const ready = async (): Promise<never> => {
    asked++
    throw new Error('no database')
  }
  await using door = await openHttp({ ready })
  const replies = await Promise.all(Array.from({ length: 20 }, () => door.ask('/readyz')))
  expect(new Set(replies.map(({ status, text }) => `${String(status)} ${text}`))).toEqual(
    new Set(['503 {"ok":false,"checks":[{"name":"stores","ok":false}]}']),
  )
  expect(asked).toBe(1)
})

test('metrics count calls by tool and error, requests by route, and tell each source and store', async () => {
  await using door = await openHttp()
  for (const id of ['products:17', 'products:99']) await door.ask('/mcp', mcpCall(toolCall(1, 'fetch', { id })))
  const { text, headers } = await door.ask('/metrics')
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  for (const line of [
    'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="fetch",error_type=""} 1',
    'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="fetch",error_type="RECORD_NOT_FOUND"} 1',
    'aquifer_http_requests_total{route="/mcp",status="200"} 2',
    'aquifer_up 1',
    'aquifer_source_records{source="products"} 1',
    'aquifer_source_lag_seconds{source="products"} 1.5',
    'aquifer_source_dead_letters{source="products"} 0',
    'aquifer_store_behind_records{store="ledger"} 0',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  expect(text).toMatch(/^process_resident_memory_bytes \d+/m)
})

test('metrics go on when the stores do not answer', async () => {
  await using door = await openHttp({ status: () => Promise.reject(new Error('down')) })
  const { status, text } = await door.ask('/metrics')
  expect([status, text.split('\n').includes('aquifer_up 0')]).toEqual([200, true])
})

test('who is no administrator sees the sources it can read, and no stores', async () => {
  await using door = await openHttp({ host: '0.0.0.0' })
  for (const path of ['/', '/metrics']) {
    const seen = async (key: string): Promise<string> =>
      (await door.ask(path, { headers: { authorization: `Bearer ${key}` } })).text
    expect(await seen(adminsKey)).toMatch(/finance[\s\S]*ledger/)
    expect(await seen(clerksKey)).toContain('handbook')
    expect(await seen(clerksKey)).not.toMatch(/finance|board|ledger/)
  }
})

test('the console shows sources and how to connect, needs nothing from elsewhere and runs nothing', async () => {
  await using door = await openHttp()
  const { status, headers, text } = await door.ask('/', { headers: { host: 'localhost:8080' } })
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(text).toContain('<b>products</b>')
  expect(text).toContain('claude mcp add --transport http aquifer http://localhost:8080/mcp')
  expect(text).not.toMatch(/<script|src=|<link|@import|url\(/i)
  const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  expect(headers['content-security-policy']).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  )
})

test('whatever a source is called and says, the console shows it as text', async () => {
  const evil = `</td><script>alert("1")</script>'&`
  const source = {
    name: evil,
    type: 'files',
    state: 'failed' as const,
    description: evil,
    fields: [],
    position: null,
    ledger_position: null,
    as_of: null,
    lag_ms: null,
    freshness: 'error' as const,
    records: 0,
    chunks: null,
    dead_letters: null,
    deletes_checked_at: null,
    last_error: { code: evil, message: 'm', at: 'now' },
    verified: null,
  }
  const status = { sources: [source], stores: [], usage: { tokens: 0, cost: 0 }, notices: [evil] }
  await using door = await openHttp({ status: async () => status })
  const { text } = await door.ask('/')
  expect(text).not.toContain('<script')
  expect(text.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&#39;&amp;/g)).toHaveLength(4)
})

test.for([
  ['/nowhere', 'GET', 404, 'ROUTE_UNKNOWN', undefined],
  ['/mcp/', 'GET', 404, 'ROUTE_UNKNOWN', undefined],
  ['/', 'POST', 405, 'METHOD_NOT_ALLOWED', 'GET, HEAD'],
  ['/healthz', 'DELETE', 405, 'METHOD_NOT_ALLOWED', 'GET, HEAD'],
] as const)('%s answers %s with %i and says what to do', async ([path, method, status, code, allow]) => {
  await using door = await openHttp()
  const reply = await door.ask(path, { method })
  expect([reply.status, reply.headers.allow]).toEqual([status, allow])
  expect(JSON.parse(reply.text)).toEqual({
    error: { code, message: expect.stringMatching(/\.$/), fix: expect.stringMatching(/\.$/) },
  })
})

test('MCP knows no sessions: GET and DELETE are 405, and what is no JSON is refused', async () => {
  await using door = await openHttp()
  for (const method of ['GET', 'DELETE']) {
    expect((await door.ask('/mcp', { method, headers: { accept: 'text/event-stream' } })).status).toBe(405)
  }
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  for (const body of ['', '{', 'null', '7', '[]', '{"jsonrpc":"2.0"}']) {
    const { status, text } = await door.ask('/mcp', { method: 'POST', headers, body })
    expect([body, status]).toEqual([body, 400])
    expect(JSON.parse(text)).toMatchObject({ error: { code: expect.any(Number), message: expect.any(String) } })
  }
  const plain = await door.ask('/mcp', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'text/plain' },
    body: '{}',
  })
  expect(plain.status).toBe(415)
})

test('answers of MCP are not kept by anybody on the way', async () => {
  await using door = await openHttp()
  const { headers } = await door.ask('/mcp', mcpCall(initialize('2025-06-18')))
  expect(headers['cache-control']).toBe('no-store')
})

test('a store that does not answer is 503 without its place, also before the caller is known', async () => {
  const down = new AquiferError('LEDGER_UNREACHABLE', 'No answer from db.internal:5432.')
  await using door = await openHttp({ host: '0.0.0.0', callers: { find: () => Promise.reject(down) } })
  const { status, text } = await door.ask('/', { headers: { authorization: 'Bearer some-key' } })
  expect(status).toBe(503)
  expect(JSON.parse(text)).toMatchObject({
    error: { code: 'LEDGER_UNREACHABLE', message: 'The service cannot answer this right now.' },
  })
})
