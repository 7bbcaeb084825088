import { expect, test, vi } from 'vitest'
import { memoryKnowledge } from '../kit/memory-knowledge.ts'
import { initialize, openRawStdio, toolCall } from '../kit/raw-stdio.ts'
import { shopRecords } from '../kit/shop-records.ts'

const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' }
const slow = (ms: number) => memoryKnowledge(shopRecords, { delayMs: () => ms })

test.for(['2025-11-25', '2025-06-18', '2025-03-26'])(
  'a client of %s is answered in its own version',
  async (version) => {
    const { messages, send, input, served } = openRawStdio(async () => memoryKnowledge(shopRecords))
    send(initialize(version))
    send(initialized)
    send({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
    input.end()
    await served
    expect(messages).toMatchObject([
      { id: 'init', result: { protocolVersion: version, serverInfo: { name: 'aquifer', version: '1.2.3' } } },
      { id: 1, result: { tools: [{ name: 'search' }, { name: 'fetch' }, { name: 'search_knowledge' }, {}] } },
    ])
  },
)

test('tools are listed while the stores still open', async () => {
  const { messages, send, stop, served } = openRawStdio(() => new Promise(() => {}))
  send(initialize('2025-11-25'))
  send(toolCall(1, 'search', { query: 'kettle' }))
  send({ jsonrpc: '2.0', id: 2, method: 'tools/list' })
  await vi.waitFor(() => expect(messages).toMatchObject([{ id: 'init' }, { id: 2 }]))
  stop.abort()
  await served
})

test('calls under way when the input ends are answered, then serving ends', async () => {
  const { messages, send, input, served } = openRawStdio(async () => slow(50))
  send(initialize('2025-11-25'))
  send(toolCall(1, 'search', { query: 'kettle' }))
  send(toolCall(2, 'search', { query: 'steel' }))
  input.end()
  await served
  expect(messages.map(({ id }) => id)).toEqual(['init', 1, 2])
})

test('a call that its client cancels is stopped and not waited for', async () => {
  const knowledge = slow(60_000)
  const { messages, send, input, served } = openRawStdio(async () => knowledge)
  send(initialize('2025-11-25'))
  send(toolCall(1, 'search', { query: 'kettle' }))
  await vi.waitFor(() => expect(knowledge.searches).toHaveLength(1))
  send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
  const ended = performance.now()
  input.end()
  await served
  expect(performance.now() - ended).toBeLessThan(2000)
  expect(knowledge.searches[0]?.signal?.aborted).toBe(true)
  expect(messages.map(({ id }) => id)).toEqual(['init'])
})

test('stopping cancels what is under way and ends at once', async () => {
  const knowledge = slow(60_000)
  const { send, stop, served } = openRawStdio(async () => knowledge)
  send(initialize('2025-11-25'))
  send(toolCall(1, 'search', { query: 'kettle' }))
  await vi.waitFor(() => expect(knowledge.searches).toHaveLength(1))
  stop.abort()
  await served
  expect(knowledge.searches[0]?.signal?.aborted).toBe(true)
})

test('a broken line is passed over', async () => {
  const { messages, send, input, served } = openRawStdio(async () => memoryKnowledge(shopRecords))
  input.write('this is no JSON\n\n{"jsonrpc":"2.0"}\n')
  send(initialize('2025-11-25'))
  input.end()
  await served
  expect(messages.map(({ id }) => id)).toEqual(['init'])
})

test('what a library prints meanwhile goes to standard error', async () => {
  const before = globalThis.console
  const { input, served } = openRawStdio(async () => memoryKnowledge(shopRecords))
  expect(globalThis.console).not.toBe(before)
  input.end()
  await served
  expect(globalThis.console).toBe(before)
})
