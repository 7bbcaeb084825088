import { expect, test } from 'vitest'
import { z } from 'zod'
import { estimateTokens } from '../../src/core/tokens.ts'
import { memoryKnowledge } from '../kit/memory-knowledge.ts'
import { clerk, openDoor } from '../kit/mcp-door.ts'
import { shopRecords } from '../kit/shop-records.ts'

const door = openDoor(memoryKnowledge(shopRecords))
const Page = z.object({
  sources: z.array(z.object({ name: z.string() })),
  total: z.int(),
  next_cursor: z.string().optional(),
})
const freshness = { as_of: '2026-11-20T10:00:00.000Z', lag_ms: 1500, position: '7', freshness: 'ok' }

test('describe_sources tells what the caller may read, how to filter it and how fresh it is', async () => {
  const { content, texts } = await door.call('describe_sources', {}, clerk)
  expect(content).toEqual({
    sources: [
      {
        name: 'handbook',
        type: 'files',
        description: 'About handbook',
        owner: 'handbook@example.com',
        fields: [],
        records: 1,
        state: 'idle',
        ...freshness,
      },
      {
        name: 'products',
        type: 'files',
        description: 'About products',
        owner: 'products@example.com',
        fields: ['price', 'stock'],
        records: 1,
        state: 'idle',
        ...freshness,
      },
    ],
    total: 2,
  })
  expect(texts).toEqual([JSON.stringify(content)])
})

test('named sources alone are described', async () => {
  const { content } = await door.call('describe_sources', { sources: ['products'] })
  expect(content).toMatchObject({ sources: [{ name: 'products' }], total: 1 })
})

test('a source that may not be read is as unknown as one that is not there', async () => {
  const { texts } = await door.call('describe_sources', { sources: ['finance'] }, clerk)
  expect(JSON.parse(texts[0] ?? '')).toMatchObject({
    error: { code: 'SOURCE_UNKNOWN', message: 'There is no source "finance"; there are handbook, products.' },
  })
})

test('many sources come on pages that fit the budget, with the exact total on each', async () => {
  const records = Array.from({ length: 200 }, (_, i) => ({
    id: `s${String(i).padStart(3, '0')}:1`,
    title: 'T',
    text: 'kettle',
  }))
  const many = openDoor(memoryKnowledge(records))
  const names: string[] = []
  let cursor: string | undefined
  do {
    const { content, texts } = await many.call('describe_sources', {
      token_budget: 2000,
      ...(cursor === undefined ? {} : { cursor }),
    })
    const page = Page.parse(content)
    expect(page.total).toBe(200)
    expect(estimateTokens(texts[0] ?? '')).toBeLessThanOrEqual(2000)
    names.push(...page.sources.map((source) => source.name))
    cursor = page.next_cursor
  } while (cursor !== undefined)
  expect(names).toEqual(records.map((record) => record.id.slice(0, 4)))
})

test('a cursor that was not handed out is refused', async () => {
  const { isError, texts } = await door.call('describe_sources', { cursor: 'no cursor' })
  expect(isError).toBe(true)
  expect(texts[0]).toContain('PAGE_CURSOR_INVALID')
})
