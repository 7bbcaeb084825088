import { expect, test } from 'vitest'
import { z } from 'zod'
import { AquiferError } from '../../src/core/errors.ts'
import type { Knowledge } from '../../src/core/knowledge.ts'
import { estimateTokens } from '../../src/core/tokens.ts'
import { memoryKnowledge } from '../kit/memory-knowledge.ts'
import { clerk, openDoor } from '../kit/mcp-door.ts'
import { shopRecords } from '../kit/shop-records.ts'

test('search_knowledge answers with passages, where they are from and how fresh they are', async () => {
  const { content, texts } = await openDoor(memoryKnowledge(shopRecords)).call('search_knowledge', { query: 'steel' })

  expect(content).toEqual({
    query: 'steel',
    hits: [
      {
        id: 'products:17',
        source: 'products',
        title: 'Kettle',
        url: 'aquifer://record/products%3A17',
        text: '<untrusted source="products" id="products:17">\nA steel kettle, 1.7 litres.\n</untrusted>',
        score: 1,
        passage: 0,
        as_of: '2026-11-20T10:00:00.000Z',
        lag_ms: 1500,
        fields: { price: '39.90', stock: 4 },
      },
    ],
    as_of: '2026-11-20T10:00:00.000Z',
    sources: [{ source: 'products', as_of: '2026-11-20T10:00:00.000Z', lag_ms: 1500, position: '7' }],
    notices: [],
  })
  expect(texts).toEqual([JSON.stringify(content)])
})

test('each leg is explained only when asked', async () => {
  const { content } = await openDoor(memoryKnowledge(shopRecords)).call('search_knowledge', {
    query: 'steel',
    explain: true,
  })
  expect(content).toMatchObject({ hits: [{ legs: { lexical: { rank: 1, score: 9 }, vector: { score: 0.5 } } }] })
})

test('everything asked for reaches the search', async () => {
  const knowledge = memoryKnowledge(shopRecords)
  const args = {
    query: 'kettle',
    sources: ['products'],
    filters: { stock: [4, 5] },
    limit: 3,
    token_budget: 4000,
    cursor: '0',
    min_position: { products: '0/1A2B3C8' },
    max_staleness_ms: 5000,
    wait_ms: 2000,
  }
  await openDoor(knowledge).call('search_knowledge', args, clerk)
  expect(knowledge.searches).toMatchObject([
    {
      request: {
        query: 'kettle',
        sources: ['products'],
        filters: { stock: [4, 5] },
        limit: 3,
        tokenBudget: 3000,
        cursor: '0',
        minPosition: { products: '0/1A2B3C8' },
        maxStalenessMs: 5000,
        waitMs: 2000,
      },
      caller: clerk,
    },
  ])
})

const Page = z.object({ hits: z.array(z.object({ id: z.string() })), next_cursor: z.string().optional() })
const many = Array.from({ length: 60 }, (_, i) => ({
  id: `notes:${String(i)}`,
  title: `Note ${String(i)}`,
  text: `kettle ${'"quoted" text\n'.repeat(60)}`,
}))

test.for([500, 2000, 8000, 12_000])('pages of at most %i tokens lead through all hits, none twice', async (budget) => {
  const door = openDoor(memoryKnowledge(many))
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const args = { query: 'kettle', limit: 50, token_budget: budget, ...(cursor === undefined ? {} : { cursor }) }
    const { content, texts } = await door.call('search_knowledge', args)
    const page = Page.parse(content)
    expect(estimateTokens(texts[0] ?? '')).toBeLessThanOrEqual(budget)
    expect(texts[0]?.length).toBeLessThan(50_000)
    seen.push(...page.hits.map((hit) => hit.id))
    cursor = page.next_cursor
  } while (cursor !== undefined)
  expect(seen).toEqual(many.map((record) => record.id))
})

test('one hit that is larger than the budget is cut, and the answer says so', async () => {
  const huge = { id: 'notes:1', title: 'Huge', text: `kettle ${'ünïcödé '.repeat(20_000)}` }
  const { content, texts } = await openDoor(memoryKnowledge([huge])).call('search_knowledge', { query: 'kettle' })
  expect(estimateTokens(texts[0] ?? '')).toBeLessThanOrEqual(8000)
  expect(content).toMatchObject({
    hits: [{ id: 'notes:1' }],
    notices: ['Text or fields of 1 hit are cut to the budget; fetch shows the record.'],
  })
})

test('notices of the search are handed on', async () => {
  const knowledge = memoryKnowledge(shopRecords, { notices: ['Found by meaning only.'] })
  const { content } = await openDoor(knowledge).call('search_knowledge', { query: 'steel' })
  expect(content).toMatchObject({ notices: ['Found by meaning only.'] })
})

test('hits that vanish between two rounds leave no wrong cursor', async () => {
  const knowledge = memoryKnowledge(many)
  let asked = 0
  const growing = {
    ...knowledge,
    search: async (...[request, caller, signal]: Parameters<typeof knowledge.search>) => {
      const answer = await knowledge.search(request, caller, signal)
      // Every time it is asked for fewer hits, their text has grown.
      asked++
      const hits = answer.hits.map((hit) => ({ ...hit, text: hit.text.repeat(asked) }))
      return { ...answer, hits }
    },
  }
  const { content, texts } = await openDoor(growing).call('search_knowledge', {
    query: 'kettle',
    limit: 50,
    token_budget: 8000,
  })
  expect(estimateTokens(texts[0] ?? '')).toBeLessThanOrEqual(8000)
  expect(content).not.toHaveProperty('next_cursor')
  expect(content).toMatchObject({ notices: [expect.stringMatching(/^\d+ more hits did not fit/)] })
})

test('a search that could not be fresh enough says where the sources stand, to whoever may search them', async () => {
  const details = { waited_ms: 2000, sources: [{ source: 'products', position: '0/1', min_position: '0/2' }] }
  const message = 'Not reached after 2.0 s: products stands at 0/1 (asked for 0/2).'
  const knowledge = memoryKnowledge(shopRecords, {
    fail: () => new AquiferError('FRESHNESS_NOT_REACHED', message, { details }),
  })
  const { texts, isError } = await openDoor(knowledge).call('search_knowledge', { query: 'kettle' }, clerk)
  expect(isError).toBe(true)
  expect(JSON.parse(texts[0] ?? '')).toEqual({
    error: {
      code: 'FRESHNESS_NOT_REACHED',
      message,
      fix: 'Ask again, or with a longer wait_ms; without min_position and max_staleness_ms the answer is of what is there.',
      details,
    },
  })
})

test('a position that would crowd the answer out is left out whole', async () => {
  const known = memoryKnowledge(shopRecords)
  const long = Array.from({ length: 60 }, (_, at) => `${String(at)}:1234`).join(',')
  const knowledge: Knowledge = {
    ...known,
    search: async (...args) => {
      const answer = await known.search(...args)
      return { ...answer, sources: answer.sources.map((one) => ({ ...one, position: long })) }
    },
  }
  const { content } = await openDoor(knowledge).call('search_knowledge', { query: 'steel' })
  expect(content).toMatchObject({
    sources: [{ source: 'products', as_of: '2026-11-20T10:00:00.000Z', lag_ms: 1500 }],
  })
  expect(JSON.stringify(content)).not.toContain('1234')
})

test('a call waits half a minute at most', async () => {
  const { texts } = await openDoor(memoryKnowledge(shopRecords)).call('search_knowledge', {
    query: 'a',
    wait_ms: 30_001,
  })
  expect(texts[0]).toContain('ARGUMENT_INVALID')
})
