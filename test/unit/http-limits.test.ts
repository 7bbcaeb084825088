import { createServer } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { mcpAnswer, mcpCall, newMcpCall, openHttp } from '../kit/http-door.ts'
import { memoryKnowledge } from '../kit/memory-knowledge.ts'
import { toolCall } from '../kit/raw-stdio.ts'
import { shopRecords } from '../kit/shop-records.ts'

const slow = (ms: number) => memoryKnowledge(shopRecords, { delayMs: () => ms })

test('a body of more than 1 MB is refused, with its length told or not', async () => {
  await using door = await openHttp()
  const body = Buffer.from(JSON.stringify(toolCall(1, 'search', { query: 'x'.repeat(5_000_000) })))
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  for (const told of [{ 'content-length': String(body.length) }, { 'transfer-encoding': 'chunked' }]) {
    const { status, text } = await door.ask('/mcp', { method: 'POST', headers: { ...headers, ...told }, body })
    expect(status).toBe(413)
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'REQUEST_TOO_LARGE' } })
  }
})

test('deeply nested JSON is answered, not choked on', async () => {
  await using door = await openHttp()
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search_knowledge","arguments":{"query":"x","filters":${'['.repeat(400_000)}${']'.repeat(400_000)}}}}`
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const reply = await door.ask('/mcp', { method: 'POST', headers, body })
  expect(reply.status).toBeLessThan(600)
  expect((await door.ask('/healthz')).status).toBe(200)
})

const steel = { query: 'steel' }
const eras = [
  ['an old', mcpCall(toolCall(1, 'search', steel))],
  ['a new', newMcpCall(1, 'search', steel)],
] as const

test.for(eras)('%s client that goes away stops its search', async ([, call]) => {
  const knowledge = slow(60_000)
  await using door = await openHttp({ knowledge: async () => knowledge })
  const abort = new AbortController()
  const gone = fetch(`${door.server.url}/mcp`, { ...call, body: String(call.body), signal: abort.signal })
  gone.then((answer) => answer.text()).catch(() => {})
  await vi.waitFor(() => expect(knowledge.searches).toHaveLength(1))
  expect(knowledge.searches[0]?.signal?.aborted).toBe(false)
  abort.abort()
  await vi.waitFor(() => expect(knowledge.searches[0]?.signal?.aborted).toBe(true))
})

test.for(eras)('closing answers the call of %s client that is under way and takes nothing new', async ([, call]) => {
  const knowledge = slow(300)
  const door = await openHttp({ knowledge: async () => knowledge })
  const answer = door.ask('/mcp', call)
  await vi.waitFor(() => expect(knowledge.searches).toHaveLength(1))
  const closed = door[Symbol.asyncDispose]()
  await expect(fetch(`${door.server.url}/healthz`)).rejects.toThrow('fetch failed')
  expect(mcpAnswer(await answer)).toMatchObject({ result: { structuredContent: { results: [{ id: 'products:17' }] } } })
  await closed
})

test('closing does not wait for a call that takes too long', async () => {
  const knowledge = slow(60_000)
  const door = await openHttp({ knowledge: async () => knowledge, finishMs: 300 })
  const answer = door.ask('/mcp', mcpCall(toolCall(1, 'search', { query: 'steel' }))).catch(() => 'cut')
  await vi.waitFor(() => expect(knowledge.searches).toHaveLength(1))
  const started = performance.now()
  await door[Symbol.asyncDispose]()
  const took = performance.now() - started
  expect(took).toBeGreaterThan(290)
  expect(took).toBeLessThan(1500)
  expect(await answer).toBe('cut')
  await vi.waitFor(() => expect(knowledge.searches[0]?.signal?.aborted).toBe(true))
})

test('closing an idle server is quick, although clients keep their connections', async () => {
  const door = await openHttp()
  await (await fetch(`${door.server.url}/healthz`)).text()
  const started = performance.now()
  await door[Symbol.asyncDispose]()
  expect(performance.now() - started).toBeLessThan(500)
})

test('more calls of one caller than may wait are told to wait; all others are answered', async () => {
  const memory = memoryKnowledge(shopRecords)
  const released = Promise.withResolvers<void>()
  const knowledge = {
    ...memory,
    fetch: (...args: Parameters<typeof memory.fetch>) => released.promise.then(() => memory.fetch(...args)),
  }
  await using door = await openHttp({ knowledge: async () => knowledge })
  const answers: string[] = []
  const calls = Array.from({ length: 200 }, async (_, id) => {
    const reply = await door.ask('/mcp', mcpCall(toolCall(id, 'fetch', { id: 'products:17' })))
    answers.push(JSON.stringify(mcpAnswer(reply)))
  })
  await vi.waitFor(() => expect(answers).toHaveLength(200 - 32 - 128), { timeout: 5000 })
  expect(answers.every((text) => text.includes('CALLER_BUSY'))).toBe(true)
  released.resolve()
  await Promise.all(calls)
  expect(answers.filter((text) => text.includes('A steel kettle'))).toHaveLength(160)
})

test('a port that is taken, and an address of another machine, are told apart', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(openHttp({ port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `Port ${String(port)} of 127.0.0.1 is in use.`,
  })
  await expect(openHttp({ host: '203.0.113.1' })).rejects.toMatchObject({ code: 'ADDRESS_INVALID' })
  other.close()
})

test('a request that never ends its body does not hold up others', async () => {
  const door = await openHttp({ finishMs: 200 })
  const body = new ReadableStream({ pull: () => sleep(60_000, undefined, { ref: false }) })
  const stuck = fetch(`${door.server.url}/mcp`, {
    method: 'POST',
    body,
    duplex: 'half',
    headers: { 'content-type': 'application/json' },
  }).catch(() => {})
  expect((await door.ask('/healthz')).status).toBe(200)
  await door[Symbol.asyncDispose]()
  await stuck
})
