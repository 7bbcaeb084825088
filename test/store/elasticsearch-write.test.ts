import { expect, test } from 'vitest'

import { chunkAddress } from '../../src/core/chunk-address.ts'
import type { FeedRecord } from '../../src/core/ledger-feed.ts'
import type { LexicalProjection } from '../../src/core/lexical.ts'
import { silentLog } from '../../src/core/log.ts'
import { openElasticsearch } from '../../src/stores/elasticsearch/open-elasticsearch.ts'
import { indicesOf } from '../kit/elasticsearch-indices.ts'
import { requestElasticsearch } from '../kit/elasticsearch-request.ts'
import { openTestIndices } from '../kit/elasticsearch.ts'
import { feedRecord } from '../kit/feed-record.ts'

const everything = { readable: undefined, sources: undefined, facets: [] }

async function found(lexical: LexicalProjection, text: string): Promise<number[]> {
  const hits = await lexical.search({ text, filter: everything, limit: 100 })
  return hits.map(({ chunk }) => chunk).toSorted((a, b) => a - b)
}

/** Writes to generation 1, which is made and live, and shows it. */
async function project(lexical: LexicalProjection, ...records: readonly FeedRecord[]): Promise<void> {
  await lexical.prepare(1)
  const { rejected } = await lexical.write(1, records)
  expect(rejected).toEqual([])
  await lexical.refresh(1)
  await lexical.activate(1)
}

test('a write that comes again changes nothing, and one that comes late loses', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  const old = feedRecord({ feed: 4, texts: ['green apples', 'old pears'] })
  const latest = feedRecord({ feed: 9, texts: ['red apples', undefined] })
  await project(lexical, old)
  await project(lexical, latest)
  await project(lexical, latest, old)
  expect(await found(lexical, 'red')).toEqual([chunkAddress(1, 0)])
  expect(await found(lexical, 'green pears')).toEqual([])
  expect(await lexical.count(1)).toBe(1)
})

test('writes in any order, some twice, end in the newest state of every record', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  const states = [1, 2, 3, 4, 5].flatMap((recordId) =>
    [1, 2, 3, 4].map((version) =>
      feedRecord({
        recordId,
        feed: version * 10 + recordId,
        // Record r ends with r passages of version 4; those above are tombstones.
        texts: Array.from({ length: 5 }, (_, slot) =>
          version < 4 || slot < recordId ? `word version${version}` : undefined,
        ),
      }),
    ),
  )
  const shuffled = [...states, ...states].map((state, index) => ({ state, order: (index * 7919) % 40 }))
  const ordered = shuffled.toSorted((a, b) => a.order - b.order).map(({ state }) => state)
  await lexical.prepare(1)
  for (let from = 0; from < ordered.length; from += 7) await lexical.write(1, ordered.slice(from, from + 7))
  await project(lexical)
  const expected = [1, 2, 3, 4, 5].flatMap((recordId) =>
    Array.from({ length: recordId }, (_, slot) => chunkAddress(recordId, slot)),
  )
  expect(await found(lexical, 'version4')).toEqual(expected)
  expect(await found(lexical, 'word')).toEqual(expected)
})

test('a deleted record is not revived by an older write, before and after its tombstone is purged', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  const alive = feedRecord({ feed: 5, texts: ['secret plan'] })
  await project(lexical, feedRecord({ feed: 7, texts: [undefined] }), alive)
  expect(await found(lexical, 'secret')).toEqual([])
  await lexical.purge(1, 1, 7)
  await project(lexical, alive)
  expect(await found(lexical, 'secret')).toEqual([])
})

test('purging removes the tombstones of that source up to that number and nothing else', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  const documents = async (): Promise<unknown> =>
    requestElasticsearch(indices.url, `/${indices.prefix}/_count?filter_path=count`)
  await project(
    lexical,
    feedRecord({ recordId: 1, feed: 3, texts: ['kept', undefined, undefined] }),
    feedRecord({ recordId: 2, feed: 4, texts: [undefined] }),
    feedRecord({ recordId: 3, feed: 2, texts: [undefined], sourceId: 2 }),
    feedRecord({ recordId: 4, feed: 2, texts: [undefined], language: 'french' }),
  )
  expect(await documents()).toEqual({ count: 6 })
  await lexical.purge(1, 1, 3)
  await lexical.refresh(1)
  expect(await documents()).toEqual({ count: 3 })
  expect(await lexical.count(1)).toBe(1)
})

test('an address that is used again after its tombstone is found again', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  await project(lexical, feedRecord({ feed: 2, texts: [undefined] }))
  await lexical.write(1, [feedRecord({ feed: 3, texts: ['phoenix'] })])
  await lexical.purge(1, 1, 2)
  await lexical.refresh(1)
  expect(await found(lexical, 'phoenix')).toEqual([chunkAddress(1, 0)])
})

test('a record that Elasticsearch cannot take is named, and the others of its page are written', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  const odd = feedRecord({ recordId: 2, texts: ['two', 'three'], sourceId: 2 ** 40 })
  await lexical.prepare(1)
  const result = await lexical.write(1, [feedRecord({ recordId: 1, texts: ['one'] }), odd])
  expect(result.rejected).toEqual([
    { record: odd, message: 'Elasticsearch refused a passage of it (document_parsing_exception).' },
  ])
  await lexical.refresh(1)
  expect(await lexical.count(1)).toBe(1)
})

test('a page larger than a request is written in several', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  const many = feedRecord({ recordId: 1, texts: Array.from({ length: 4500 }, (_, slot) => `passage ${slot}`) })
  const large = feedRecord({ recordId: 2, texts: Array.from({ length: 7 }, () => 'ten bytes '.repeat(100_000)) })
  const values = feedRecord({ recordId: 3, texts: ['tall'], facets: [`note=${'x'.repeat(40_000)}`] })
  await project(lexical, many, large, values)
  expect(await lexical.count(1)).toBe(4508)
  expect(await found(lexical, '4321')).toEqual([chunkAddress(1, 4321)])
  expect(await found(lexical, 'tall')).toEqual([chunkAddress(3, 0)])
})

test('a new generation is built beside the live one, replaces it at once, and takes languages later', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  await project(lexical, feedRecord({ texts: ['first'] }))
  await lexical.prepare(2)
  await lexical.write(2, [feedRecord({ texts: ['second'] })])
  await lexical.refresh(2)
  expect(await found(lexical, 'first second')).toEqual([chunkAddress(1, 0)])
  expect(await found(lexical, 'second')).toEqual([])

  const stop = new AbortController()
  const searches = searchUntil(lexical, stop.signal)
  await lexical.activate(2)
  stop.abort()
  expect(new Set(await searches)).toEqual(new Set([1]))
  expect(await found(lexical, 'second')).toEqual([chunkAddress(1, 0)])
  expect(await indicesOf(indices.url, indices.prefix)).toEqual([`${indices.prefix}-g2-english`])
  expect(await lexical.exists(1)).toBe(false)

  await lexical.write(2, [feedRecord({ recordId: 9, texts: ['les chevaux'], language: 'french' })])
  await lexical.refresh(2)
  expect(await found(lexical, 'cheval')).toEqual([chunkAddress(9, 0)])
})

/** How many hits each search had, one after the other until aborted. */
async function searchUntil(lexical: LexicalProjection, signal: AbortSignal): Promise<number[]> {
  const counts: number[] = []
  do counts.push((await found(lexical, 'first second')).length)
  while (!signal.aborted)
  return counts
}

test('indices that were lost are missed at once, and are never made anew by a write', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  const record = feedRecord({ texts: ['word'] })
  await expect(lexical.search({ text: 'word', filter: everything, limit: 1 })).rejects.toMatchObject({
    code: 'LEXICAL_NOT_READY',
  })
  await project(lexical, record)
  expect(await lexical.exists(1)).toBe(true)
  await requestElasticsearch(indices.url, `/${indices.prefix}-g1-english`, { method: 'DELETE' })
  expect(await lexical.exists(1)).toBe(false)
  await expect(lexical.write(1, [record])).rejects.toMatchObject({ code: 'LEXICAL_NOT_READY' })
  await expect(lexical.write(1, [record])).rejects.toMatchObject({ code: 'LEXICAL_NOT_READY' })
  await expect(lexical.activate(1)).rejects.toMatchObject({ code: 'LEXICAL_NOT_READY' })
  expect(await indicesOf(indices.url, indices.prefix)).toEqual([])
  expect(await lexical.count(1)).toBe(0)
  await project(lexical, record)
  expect(await found(lexical, 'word')).toEqual([chunkAddress(1, 0)])
})

test('a generation that was dropped is rebuilt from lower numbers', async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog })
  await project(lexical, feedRecord({ feed: 900, texts: ['before'] }))
  await lexical.drop(1)
  await project(lexical, feedRecord({ feed: 3, texts: ['after'] }))
  expect(await found(lexical, 'before after')).toEqual([chunkAddress(1, 0)])
  expect(await found(lexical, 'before')).toEqual([])
})

test("another ledger's indices are neither written, activated nor removed", async () => {
  await using indices = await openTestIndices()
  await using lexical = openElasticsearch({ ...indices, log: silentLog, owner: 'one' })
  await using other = openElasticsearch({ ...indices, log: silentLog, owner: 'two' })
  await project(lexical, feedRecord({ texts: ['mine'] }))
  const foreign = { code: 'LEXICAL_FOREIGN', kind: 'config' }
  await expect(other.prepare(1)).rejects.toMatchObject(foreign)
  await expect(other.prepare(2)).rejects.toMatchObject(foreign)
  await expect(other.write(1, [feedRecord()])).rejects.toMatchObject(foreign)
  await expect(other.drop(1)).rejects.toMatchObject(foreign)
  await expect(other.activate(1)).rejects.toMatchObject(foreign)
  expect(await found(lexical, 'mine')).toEqual([chunkAddress(1, 0)])
})
