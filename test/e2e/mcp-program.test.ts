import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openDeployment } from '../kit/deployment.ts'
import { librarySources, openLibrary, type Library } from '../kit/library.ts'
import {
  callEveryTool,
  openInspector,
  openNewClient,
  openOldClient,
  type McpClient,
  type ServerTarget,
  type ToolResult,
} from '../kit/mcp-clients.ts'
import { startServe, stdioTarget, type RunningServer } from '../kit/serve.ts'
import { isMissing } from '../kit/server-url.ts'

const clients: Readonly<Record<string, (target: ServerTarget) => Promise<McpClient>>> = {
  'a v2 client of 2026-07-28': (target) => openNewClient(target),
  'a v2 client of 2025-11-25': (target) => openNewClient(target, 'old'),
  'a v1 client': openOldClient,
  'the Inspector': openInspector,
}
const names = Object.keys(clients)
const failure = (result: ToolResult): unknown =>
  result.isError === true ? JSON.parse(result.content[0]?.text ?? '') : result

describe.skipIf(isMissing('postgres'))('the program over an embedded store', () => {
  let library: Library
  let server: RunningServer
  beforeAll(async () => {
    library = await openLibrary('embedded')
    server = await startServe(library.dir)
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await library[Symbol.asyncDispose]()
  })

  const cases = names.flatMap((name) => ['stdio', 'http'].map((transport) => ({ name, transport })))
  test.for(cases)('$name lists and calls every tool over $transport', async ({ name, transport }) => {
    const open = clients[name] ?? openOldClient
    await using client = await open(transport === 'stdio' ? stdioTarget(library.dir) : { url: server.mcp })
    const called = await callEveryTool(client, 'lamp for running in the dark')
    expect(called.names).toEqual(['search', 'fetch', 'search_knowledge', 'describe_sources'])
    for (const answer of Object.values(called.answers)) expect(failure(answer)).toBe(answer)
    expect(firstResult(called.answers['search'])).toMatchObject({ id: 'products:1', title: 'Trail lamp' })
    expect(called.answers).toMatchObject({
      fetch: { structuredContent: { id: 'products:1', url: 'https://shop.example/products/1' } },
      search_knowledge: { structuredContent: { hits: [{ id: 'products:1' }, {}, {}] } },
      describe_sources: { structuredContent: { total: 2 } },
    })
  })

  test('what search finds is fetched whole, with an address to cite and how fresh it is', async () => {
    await using client = await openNewClient({ url: server.mcp })
    const found = await client.callTool('search', { query: 'send something back' })
    expect(firstResult(found)).toEqual({
      id: 'guide:returns.md',
      title: 'Returns',
      url: 'https://shop.example/guide/returns.md',
    })
    const fetched = await client.callTool('fetch', { id: 'guide:returns.md' })
    expect(fetched.structuredContent).toMatchObject({
      id: 'guide:returns.md',
      title: 'Returns',
      url: 'https://shop.example/guide/returns.md',
      text: expect.stringContaining('Send a lamp back within thirty days.'),
      metadata: { source: 'guide', as_of: expect.stringMatching(/^\d{4}-.+Z$/), lag_ms: expect.any(Number) },
    })
  })

  test('filters and sources narrow a search, and wrong ones are refused with the right names', async () => {
    await using client = await openNewClient({ url: server.mcp })
    const search = async (args: object): Promise<unknown> =>
      failure(await client.callTool('search_knowledge', { query: 'lamp', ...args }))
    expect(ids(await search({ filters: { kind: 'light' } }))).toEqual(['products:1', 'products:2'])
    expect(ids(await search({ filters: { kind: ['clothes', 'contract'], price: '79.00' } }))).toEqual(['products:3'])
    expect(ids(await search({ sources: ['guide'], limit: 2 }))).toHaveLength(2)
    expect(await search({ filters: { knd: 'light' } })).toEqual({
      error: {
        code: 'FILTER_UNKNOWN',
        message: 'There is no field knd. Did you mean kind? There are: kind, price.',
        fix: 'Use one of the declared fields; describe_sources lists them.',
      },
    })
    expect(await search({ sources: ['guides'] })).toMatchObject({
      error: {
        code: 'SOURCE_UNKNOWN',
        message: 'There is no source guides. Did you mean guide? There are: guide, products.',
      },
    })
    expect(await search({ limit: 1000 })).toMatchObject({ error: { code: 'ARGUMENT_INVALID' } })
  })

  test('pages follow one another without repeats or gaps, and a cursor serves its own question only', async () => {
    await using client = await openNewClient({ url: server.mcp })
    const page = async (args: object) =>
      Answer.parse(await client.callTool('search_knowledge', { query: 'lamp', ...args })).structuredContent
    const all = (await page({ limit: 50 })).hits.map(({ id }) => id)
    expect(all).toHaveLength(16)
    const paged: string[] = []
    let cursor: string | undefined
    do {
      const { hits, next_cursor } = await page({ limit: 3, ...(cursor === undefined ? {} : { cursor }) })
      paged.push(...hits.map(({ id }) => id))
      cursor = next_cursor
    } while (cursor !== undefined)
    expect(paged).toEqual(all)

    const { next_cursor } = await page({ limit: 3 })
    const other = await client.callTool('search_knowledge', { query: 'cape', limit: 3, cursor: next_cursor })
    expect(failure(other)).toMatchObject({ error: { code: 'PAGE_CURSOR_INVALID' } })
  })

  test('an answer stays within its budget, and goes on where it was cut', async () => {
    await using client = await openNewClient({ url: server.mcp })
    const answer = await client.callTool('search_knowledge', { query: 'lamp', limit: 16, token_budget: 500 })
    expect(JSON.stringify(answer.structuredContent).length).toBeLessThan(500 * 4)
    const { hits, next_cursor } = Answer.parse(answer).structuredContent
    expect(hits.length).toBeGreaterThan(0)
    expect(hits.length).toBeLessThan(16)
    expect(next_cursor).toEqual(expect.any(String))
  })

  test('sources are described with fields, counts and freshness against what their owner promises', async () => {
    await using client = await openNewClient({ url: server.mcp })
    const { structuredContent } = await client.callTool('describe_sources', {})
    expect(structuredContent).toMatchObject({
      total: 2,
      sources: [
        {
          name: 'guide',
          type: 'files',
          owner: 'docs@shop.example',
          fields: [],
          records: 11,
          state: 'idle',
          freshness: 'ok',
        },
        { name: 'products', type: 'postgres', fields: ['kind', 'price'], records: 5, freshness: 'unknown' },
      ],
    })
  })

  test('over stdio the caller is who access.local says, and what is forbidden is as if it were not there', async () => {
    await library.configure(`access: { local: { groups: [buyers] } }\n${librarySources(library.databaseUrl)}`)
    await using client = await openOldClient(stdioTarget(library.dir))
    const fetched = async (id: string): Promise<unknown> => failure(await client.callTool('fetch', { id }))
    expect(await fetched('products:4')).toMatchObject({ structuredContent: { title: 'Lamp supplier terms' } })
    expect(await fetched('products:1')).toEqual({
      error: { code: 'RECORD_NOT_FOUND', message: 'There is no record products:1.', fix: expect.any(String) },
    })
    expect(await fetched('products:99')).toMatchObject({ error: { message: 'There is no record products:99.' } })
    const found = Answer.parse(
      await client.callTool('search_knowledge', { query: 'lamp', limit: 50 }),
    ).structuredContent
    expect(found.hits.filter(({ source }) => source === 'products').map(({ id }) => id)).toEqual(['products:4'])
    expect((await client.callTool('describe_sources', {})).structuredContent).toMatchObject({
      sources: [
        { name: 'guide', records: 11 },
        { name: 'products', records: 1 },
      ],
    })
    const counts = await library.json<{ sources: object[] }>('status')
    expect(counts.sources).toMatchObject([
      { name: 'guide', records: 11 },
      { name: 'products', records: 1, chunks: null },
    ])
  })
})

test('before the first sync tools are listed, and a search says what to do', async () => {
  await using deployment = await openDeployment('embedded')
  await mkdir(join(deployment.dir, 'docs'))
  await writeFile(join(deployment.dir, 'docs', 'a.md'), '# Kettle\n')
  await deployment.configure('sources: { docs: { type: files, path: ./docs } }\n')
  await using client = await openNewClient(stdioTarget(deployment.dir))
  expect(await client.listTools()).toHaveLength(4)
  const empty = {
    error: { code: 'LEDGER_EMPTY', message: 'Nothing has been indexed yet.', fix: 'Run `aquifer sync` first.' },
  }
  expect(failure(await client.callTool('search', { query: 'kettle' }))).toEqual(empty)
  await deployment.json('sync')
  expect((await client.callTool('search', { query: 'kettle' })).structuredContent).toMatchObject({
    results: [{ id: 'docs:a.md' }],
  })
})

const Results = z.object({ structuredContent: z.object({ results: z.array(z.unknown()) }) })
const firstResult = (answer: unknown): unknown => Results.parse(answer).structuredContent.results[0]

const Answer = z.object({
  structuredContent: z.object({
    hits: z.array(z.object({ id: z.string(), source: z.string() })),
    next_cursor: z.string().optional(),
  }),
})

/** Ids of the hits, in byte order. */
const ids = (answer: unknown): string[] =>
  Answer.parse(answer)
    .structuredContent.hits.map(({ id }) => id)
    .toSorted()
