import { expect, test } from 'vitest'
import { memoryKnowledge } from '../kit/memory-knowledge.ts'
import { clerk, openDoor } from '../kit/mcp-door.ts'
import { shopRecords } from '../kit/shop-records.ts'

test('search answers with id, title and url of each record, and with the same JSON as its one text item', async () => {
  const { content, texts, isError, meta } = await openDoor(memoryKnowledge(shopRecords)).call(
    'search',
    { query: 'kettle' },
    clerk,
  )

  const expected = {
    results: [
      { id: 'handbook:returns.md', title: 'Returns', url: 'https://shop.example/handbook/returns' },
      { id: 'products:17', title: 'Kettle', url: 'aquifer://record/products%3A17' },
    ],
  }
  expect(content).toEqual(expected)
  expect(texts).toEqual([JSON.stringify(expected)])
  expect({ isError, meta }).toEqual({ isError: false, meta: undefined })
})

test('search finds nothing without an error', async () => {
  const { content } = await openDoor(memoryKnowledge(shopRecords)).call('search', { query: 'submarine' })
  expect(content).toEqual({ results: [] })
})

test('a record without a title is shown by its id', async () => {
  const { content } = await openDoor(memoryKnowledge([{ id: 'notes:1', title: ' ', text: 'kettle' }])).call('search', {
    query: 'kettle',
  })
  expect(content).toEqual({ results: [{ id: 'notes:1', title: 'notes:1', url: 'aquifer://record/notes%3A1' }] })
})

test('an address that would run something is replaced by one of ours', async () => {
  const records = [{ id: 'notes:1', title: 'Note', text: 'kettle', url: 'javascript:alert(1)' }]
  const { content } = await openDoor(memoryKnowledge(records)).call('search', { query: 'kettle' })
  expect(content).toMatchObject({ results: [{ url: 'aquifer://record/notes%3A1' }] })
})

test('what an answer lacks travels beside the contract', async () => {
  const knowledge = memoryKnowledge(shopRecords, { notices: ['Found by meaning only.'] })
  const { content, meta } = await openDoor(knowledge).call('search', { query: 'steel' })
  expect(content).toEqual({ results: [{ id: 'products:17', title: 'Kettle', url: 'aquifer://record/products%3A17' }] })
  expect(meta).toEqual({ 'aquifer/notices': ['Found by meaning only.'] })
})

test('search passes on who asks and how to stop', async () => {
  const knowledge = memoryKnowledge(shopRecords)
  await openDoor(knowledge).call('search', { query: 'kettle' }, clerk)
  expect(knowledge.searches).toMatchObject([{ request: { query: 'kettle', limit: 10 }, caller: clerk }])
  expect(knowledge.searches[0]?.signal).toBeInstanceOf(AbortSignal)
})
