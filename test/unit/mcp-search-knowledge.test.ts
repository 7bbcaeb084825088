import { expect, test } from 'vitest'
import { z } from 'zod'
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
