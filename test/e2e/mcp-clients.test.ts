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
  expect(names).toEqual([
    'search',
    'fetch',
    'search_knowledge',
    'describe_sources',
    'find_metrics',
    'describe_metric',
    'query_metrics',
  ])
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
    find_metrics: { structuredContent: { total: 4 } },
    describe_metric: { structuredContent: { name: 'gross_revenue', total_dimensions: 3 } },
    query_metrics: { structuredContent: { rows: [[1200]], receipt: { version: 1 } } },
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
  expect(await client.listTools()).toHaveLength(7)
})

const revenueChoice = {
  choice: { asked: 'revenue', options: [{ metric: 'gross_revenue', value: 1200 }, { metric: 'net_revenue' }] },
}
const transports = ['stdio', 'http'] as const
const targetOf = (transport: (typeof transports)[number]): ServerTarget =>
  transport === 'stdio' ? fixtureCommand() : { url: running.url }

test.for(transports)('a client that can ask its user over %s is asked which metric a word means', async (transport) => {
  const forms: unknown[] = []
  await using client = await openNewClient(targetOf(transport), 'new', (form) => {
    forms.push(form)
    return { metric_0: 'net_revenue' }
  })
  const answer = await client.callTool('query_metrics', { metrics: ['revenue'] })
  expect(forms).toEqual([
    {
      mode: 'form',
      message: 'Several metrics are called revenue. Which one is meant? They differ.',
      requestedSchema: {
        type: 'object',
        properties: {
          metric_0: {
            type: 'string',
            title: 'revenue',
            oneOf: [
              { const: 'gross_revenue', title: 'gross_revenue = 1200 (draft): What was ordered, before returns' },
              { const: 'net_revenue', title: 'net_revenue = 1000 (certified): without internal orders' },
            ],
          },
        },
        required: ['metric_0'],
      },
    },
  ])
  expect(answer.structuredContent).toMatchObject({
    notices: ['revenue was taken for net_revenue, as the user chose.'],
    rows: [[1000]],
  })
})

test('of two open words one is asked after the other, and the first answer is kept', async () => {
  const asked: string[][] = []
  await using client = await openNewClient(fixtureCommand(), 'new', ({ requestedSchema: { properties } }) => {
    asked.push(Object.keys(properties))
    return { metric_0: 'net_revenue', ...('metric_1' in properties ? { metric_1: 'gross_revenue' } : {}) }
  })
  const answer = await client.callTool('query_metrics', { metrics: ['revenue', 'revenue'] })
  expect(asked).toEqual([['metric_0'], ['metric_0', 'metric_1']])
  expect(answer.structuredContent).toMatchObject({ rows: [[1000, 1200]] })
})

test('a user who declines leaves the choice to the agent', async () => {
  await using client = await openNewClient(fixtureCommand(), 'new', () => undefined)
  const answer = await client.callTool('query_metrics', { metrics: ['revenue'] })
  expect(answer.isError ?? false).toBe(false)
  expect(answer.structuredContent).toMatchObject(revenueChoice)
})

test('an answer that fits nothing is refused like any other name', async () => {
  await using client = await openNewClient(fixtureCommand(), 'new', () => ({ metric_0: 'weather' }))
  const answer = await client.callTool('query_metrics', { metrics: ['revenue'] })
  expect(answer.isError).toBe(true)
  expect(answer.content[0]?.text).toContain('There is no metric weather')
})

const unasked: Readonly<Record<string, (target: ServerTarget) => Promise<McpClient>>> = {
  'a v2 client that declares nothing': (target) => openNewClient(target),
  'a v2 client of 2025-11-25, though it can ask': (target) =>
    openNewClient(target, 'old', () => ({ metric_0: 'orders' })),
  'a v1 client': openOldClient,
}
test.for(transports.flatMap((transport) => Object.keys(unasked).map((name) => ({ name, transport }))))(
  '$name over $transport gets the choice as a plain result',
  async ({ name, transport }) => {
    await using client = await unasked[name]?.(targetOf(transport))
    const answer = await client?.callTool('query_metrics', { metrics: ['revenue'] })
    expect(answer?.isError ?? false).toBe(false)
    expect(answer?.structuredContent).toMatchObject(revenueChoice)
  },
)
