import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  callEveryTool,
  type McpClient,
  openInspector,
  openNewClient,
  openOldClient,
  type ServerTarget,
} from '../kit/mcp-clients.ts'
import { fixtureCommand, type RunningFixture, startFixture } from '../kit/mcp-program.ts'

let running: RunningFixture
beforeAll(async () => {
  running = await startFixture()
})
afterAll(() => running[Symbol.asyncDispose]())

const clients: Readonly<Record<string, (target: ServerTarget) => Promise<McpClient>>> = {
  'a v2 client of 2026-07-28': (target) => openNewClient(target),
  'a v2 client of 2025-11-25': (target) => openNewClient(target, 'old'),
  'a v1 client': openOldClient,
  'the Inspector': openInspector,
}
const protocols = ['2026-07-28', '2025-11-25', '2025-11-25', 'inspector']
const cases = Object.keys(clients).flatMap((name, i) =>
  ['stdio', 'http'].map((transport) => ({ name, transport, protocol: protocols[i] })),
)

test.for(cases)('$name lists and calls every tool over $transport', async ({ name, transport, protocol }) => {
  const target = transport === 'stdio' ? fixtureCommand() : { url: running.url }
  await using client = await clients[name]?.(target)
  expect(client?.protocol).toBe(protocol)
  if (client === undefined) throw new Error(`there is no client ${name}`)
  const { names, answers } = await callEveryTool(client, 'kettle')
  expect(names).toEqual(['search', 'fetch', 'search_knowledge', 'describe_sources'])
  for (const answer of Object.values(answers)) {
    expect(answer.isError ?? false).toBe(false)
    expect(answer.content).toEqual([{ type: 'text', text: JSON.stringify(answer.structuredContent) }])
  }
  expect(answers).toMatchObject({
    search: { structuredContent: { results: [{ id: 'handbook:returns.md' }, {}, {}, {}] } },
    fetch: { structuredContent: { id: 'handbook:returns.md', url: 'https://shop.example/handbook/returns' } },
    search_knowledge: {
      structuredContent: { hits: [{ title: 'Returns' }, { title: 'Kettle' }, {}], next_cursor: '3' },
    },
    describe_sources: { structuredContent: { total: 4 } },
  })
})

// The Inspector answers a refusal with an exit code.
test.for(cases.filter(({ protocol }) => protocol !== 'inspector'))(
  '$name reads a refusal over $transport as a result with its fix',
  async ({ name, transport }) => {
    const target = transport === 'stdio' ? fixtureCommand() : { url: running.url }
    await using client = await clients[name]?.(target)
    if (client === undefined) throw new Error(`there is no client ${name}`)
    const refused = await client.callTool('fetch', { id: 'products:99' })
    expect(refused.isError).toBe(true)
    expect(JSON.parse(refused.content[0]?.text ?? '')).toMatchObject({ error: { code: 'RECORD_NOT_FOUND' } })
    const wrong = await client.callTool('search_knowledge', { query: 'kettle', limit: 0 })
    expect(wrong.content[0]?.text).toContain('Argument \\"limit\\"')
    await expect(client.callTool('no_such_tool', {})).rejects.toMatchObject({ code: -32602 })
  },
)

test('a client that gives up on a call can go on with the next', async () => {
  for (const target of [fixtureCommand(), { url: running.url }]) {
    await using client = await openNewClient(target)
    const abort = new AbortController()
    const slow = client.callTool('search', { query: 'slow 60000' }, abort.signal)
    setTimeout(() => abort.abort(), 50)
    await expect(slow).rejects.toThrow(/abort/i)
    expect((await client.callTool('search', { query: 'steel' })).isError ?? false).toBe(false)
  }
})

test('tools are listed although stores and model never get ready', async () => {
  await using client = await openOldClient(fixtureCommand('--never-ready'))
  expect(await client.listTools()).toHaveLength(4)
})
