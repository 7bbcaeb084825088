import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { chunkAddress } from '../../src/core/chunk-address.ts'
import type { SearchFilter } from '../../src/core/ledger-search.ts'
import type { LexicalProjection } from '../../src/core/lexical.ts'
import { silentLog } from '../../src/core/log.ts'
import { openElasticsearch } from '../../src/stores/elasticsearch/open-elasticsearch.ts'
import { openTestIndices, type TestIndices } from '../kit/elasticsearch.ts'
import { feedRecord } from '../kit/feed-record.ts'
import { isMissing } from '../kit/server-url.ts'

const everything: SearchFilter = { readable: undefined, sources: undefined, facets: [] }
/** Each of them is a word to the analyzer. */
const ideographs = (count: number): string =>
  Array.from({ length: count }, (_, index) => String.fromCodePoint(0x4e00 + index)).join('')
const chunk = (recordId: number): number => chunkAddress(recordId, 0)

describe.skipIf(isMissing('elasticsearch'))('searching Elasticsearch', () => {
  let indices: TestIndices
  let lexical: LexicalProjection

  const found = async (text: string, filter: Partial<SearchFilter> = {}): Promise<number[]> =>
    (await lexical.search({ text, filter: { ...everything, ...filter }, limit: 10 })).map(({ chunk }) => chunk)

  beforeAll(async () => {
    indices = await openTestIndices()
    lexical = openElasticsearch({ ...indices, log: silentLog })
    await lexical.prepare(1)
    await lexical.write(1, [
      feedRecord({ recordId: 1, header: 'Handbook › Travel', texts: ['Book flights with the agency.'] }),
      feedRecord({ recordId: 2, texts: ['Expenses are paid monthly.'], acl: ['group:finance'], facets: ['year=2024'] }),
      feedRecord({ recordId: 3, texts: ['Expense reports.'], facets: ['year=2025', 'kind=form'], source: 'forms' }),
      feedRecord({ recordId: 4, texts: [`${'One long page about many things. '.repeat(60)} Expense.`], acl: [] }),
      feedRecord({ recordId: 5, texts: ['Les chevaux mangeaient des pommes.'], language: 'french', source: 'ferme' }),
      feedRecord({ recordId: 6, texts: ['Die Häuser am Fluss.'], language: 'german', source: 'stadt' }),
    ])
    await lexical.refresh(1)
    await lexical.activate(1)
  })

  afterAll(async () => {
    await lexical?.[Symbol.asyncDispose]()
    await indices?.[Symbol.asyncDispose]()
  })

  test('words match by their English stem, in the text and in the header', async () => {
    expect(await found('booking a flight')).toEqual([chunk(1)])
    expect(await found('travelling')).toEqual([chunk(1)])
  })

  test('each language is stemmed by its own analyzer', async () => {
    expect(await found('cheval')).toEqual([chunk(5)])
    expect(await found('manger une pomme')).toEqual([chunk(5)])
    expect(await found('Haus')).toEqual([chunk(6)])
  })

  test('a short passage about the word comes before a long one that mentions it', async () => {
    expect(await found('expense')).toEqual([chunk(3), chunk(2), chunk(4)])
  })

  test('as many as asked for are returned, best first, with falling positive scores', async () => {
    const hits = await lexical.search({ text: 'expense', filter: everything, limit: 2 })
    expect(hits.map(({ chunk }) => chunk)).toEqual([chunk(3), chunk(2)])
    expect(hits[0]?.score).toBeGreaterThan(hits[1]?.score ?? 0)
    expect(hits[1]?.score).toBeGreaterThan(0)
    expect(await lexical.search({ text: 'expense', filter: everything, limit: 0 })).toEqual([])
  })

  test('a caller finds only what an entry of its access list is on', async () => {
    expect(await found('expense', { readable: ['public'] })).toEqual([chunk(3)])
    expect(await found('expense', { readable: ['public', 'group:finance'] })).toEqual([chunk(3), chunk(2)])
    expect(await found('expense', { readable: [] })).toEqual([])
  })

  test('sources narrow by name, and none means nothing', async () => {
    expect(await found('expense', { sources: ['forms', 'ferme'] })).toEqual([chunk(3)])
    expect(await found('expense', { sources: [] })).toEqual([])
  })

  test('facets are alternatives within a list and all required between lists', async () => {
    expect(await found('expense', { facets: [['year=2024', 'year=2025']] })).toEqual([chunk(3), chunk(2)])
    expect(await found('expense', { facets: [['year=2024', 'year=2025'], ['kind=form']] })).toEqual([chunk(3)])
    expect(await found('expense', { facets: [['year=2024'], ['kind=form']] })).toEqual([])
  })

  test('given chunks get the score that a search gives them, and those that do not match are left out', async () => {
    const hits = await lexical.search({ text: 'expense reports', filter: everything, limit: 10 })
    expect(await lexical.score('expense reports', [1, 2, 3, 4, 5].map(chunk), ['english', 'french'])).toEqual(hits)
    expect(await lexical.score('expense', [chunk(1), chunk(2)], ['english'])).toMatchObject([{ chunk: chunk(2) }])
    expect(await lexical.score('expense', [], ['english'])).toEqual([])
  })

  test('a text without a word to look for finds nothing', async () => {
    expect(await found('the of and')).toEqual([])
    expect(await found('?! — …')).toEqual([])
    expect(await found('')).toEqual([])
  })

  test('operators of query languages are only words', async () => {
    const hits = await found('expense AND (flights OR "reports" -agency) title:*')
    expect(new Set(hits)).toEqual(new Set([1, 2, 3, 4].map(chunk)))
  })

  test('four thousand different words are searched for, and more than the server takes are cut', async () => {
    expect(await found(`expense ${Array.from({ length: 4000 }, (_, index) => `w${index}`).join(' ')}`)).toHaveLength(3)
    expect(await found(`expense ${ideographs(3990)}`)).toHaveLength(3)
    expect(await found(`expense ${ideographs(20_000)}${ideographs(20_000)}${ideographs(20_000)}`)).toHaveLength(3)
  })
})
