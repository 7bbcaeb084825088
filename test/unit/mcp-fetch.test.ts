import { expect, test } from 'vitest'
import { z } from 'zod'
import { estimateTokens } from '../../src/core/tokens.ts'
import { type MemoryRecord, memoryKnowledge } from '../kit/memory-knowledge.ts'
import { clerk, openDoor } from '../kit/mcp-door.ts'
import { shopRecords } from '../kit/shop-records.ts'

const door = openDoor(memoryKnowledge(shopRecords))

test('fetch answers with the record, marked as untrusted, and with the same JSON as its one text item', async () => {
  const { content, texts } = await door.call('fetch', { id: 'products:17' }, clerk)

  expect(content).toEqual({
    id: 'products:17',
    title: 'Kettle',
    text: '<untrusted source="products" id="products:17">\nA steel kettle, 1.7 litres.\n</untrusted>',
    url: 'aquifer://record/products%3A17',
    metadata: {
      source: 'products',
      as_of: '2026-11-20T10:00:00.000Z',
      lag_ms: 1500,
      position: '8',
      fields: { price: '39.90', stock: 4 },
      characters: 27,
      from: 0,
    },
  })
  expect(texts).toEqual([JSON.stringify(content)])
})

test('the address that stands in for a missing one can be fetched', async () => {
  const { content } = await door.call('fetch', { id: 'aquifer://record/products%3A17' })
  expect(content).toMatchObject({ id: 'products:17', title: 'Kettle' })
})

test('a forbidden record and an absent one give the same answer', async () => {
  const forbidden = await door.call('fetch', { id: 'finance:q3' }, clerk)
  const absent = await door.call('fetch', { id: 'finance:q4' }, clerk)
  expect(forbidden).toEqual(absent)
  expect(absent).toMatchObject({ isError: true, content: undefined })
  expect(JSON.parse(absent.texts[0] ?? '')).toEqual({
    error: {
      code: 'RECORD_NOT_FOUND',
      message: 'There is no record with this id.',
      fix: 'Use an id from a search answer; it may have been deleted since.',
    },
  })
})

const Part = z.object({ text: z.string(), metadata: z.object({ next_id: z.string().optional() }) })

async function readAll(record: MemoryRecord): Promise<{ text: string; parts: number; longest: number }> {
  const reader = openDoor(memoryKnowledge([record]))
  const texts: string[] = []
  let longest = 0
  let id: string | undefined = record.id
  while (id !== undefined) {
    const answer = await reader.call('fetch', { id })
    const part = Part.parse(answer.content)
    texts.push(/^<untrusted [^>]*>\n(.*)\n<\/untrusted>/s.exec(part.text)?.[1] ?? '')
    longest = Math.max(longest, estimateTokens(answer.texts[0] ?? ''))
    id = part.metadata.next_id
  }
  return { text: texts.join(''), parts: texts.length, longest }
}

test.for([
  ['prose', 'A paragraph of some length about kettles.\n\n'.repeat(3000)],
  ['one long line', 'x'.repeat(100_000)],
  ['emoji, which may not be cut in two', `x${'🫖'.repeat(20_000)}`],
  ['text that JSON has to escape', '"\\\n'.repeat(30_000)],
] as const)('a long record of %s is read in parts of at most 8,000 tokens that give the whole', async ([, text]) => {
  const read = await readAll({ id: 'notes:long', title: 'Long', text })
  expect(read.text).toBe(text)
  expect(read.parts).toBeGreaterThan(2)
  expect(read.longest).toBeLessThanOrEqual(8000)
})

test('a part says where it stands and how to read on', async () => {
  const reader = openDoor(memoryKnowledge([{ id: 'notes:long', title: 'Long', text: 'word '.repeat(10_000) }]))
  const { content } = await reader.call('fetch', { id: 'notes:long' })
  expect(content).toMatchObject({ metadata: { characters: 50_000, from: 0, next_id: 'notes:long#from=26000' } })
  expect(content).toMatchObject({
    text: expect.stringMatching(/<\/untrusted>\nCut here\. Fetch "notes:long#from=26000" to read on\.$/),
  })
  const second = await reader.call('fetch', { id: 'notes:long#from=26000' })
  expect(second.content).toMatchObject({ id: 'notes:long', metadata: { from: 26_000 } })
  expect(second.content).not.toHaveProperty('metadata.next_id')
})

test('a key that looks like a part is fetched as the record it is', async () => {
  const records = [
    { id: 'notes:a', title: 'A', text: 'first' },
    { id: 'notes:a#from=3', title: 'B', text: 'second' },
  ]
  const { content } = await openDoor(memoryKnowledge(records)).call('fetch', { id: 'notes:a#from=3' })
  expect(content).toMatchObject({ id: 'notes:a#from=3', title: 'B' })
})

test('fields that are too long are named instead of shown', async () => {
  const fields = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, 'v'.repeat(400)]))
  const reader = openDoor(memoryKnowledge([{ id: 'notes:1', title: 'A', text: 'x', fields }]))
  const { content } = await reader.call('fetch', { id: 'notes:1' })
  expect(content).toMatchObject({
    metadata: { fields: { f0: 'v'.repeat(400) }, omitted_fields: expect.arrayContaining(['f39']) },
  })
})
