import { expect, test } from 'vitest'
import type { Embedder } from '../../src/core/embedder.ts'
import { nearest } from '../kit/ledger-legs.ts'
import { batchOf, claimOf, recordOf } from '../kit/ledger-writes.ts'
import { openPipeline, type TestPipeline } from '../kit/open-pipeline.ts'
import { withClient } from '../kit/postgres-databases.ts'
import { pseudoVector } from '../kit/pseudo-vector.ts'
import { createRandom } from '../kit/random.ts'
import { scriptedSource } from '../kit/scripted-source.ts'

const everything = { readable: undefined, sources: undefined, facets: [] }
const byReaders = { acl: { groups: '{readers}' } } as const

/** Notes what it is asked for, and refuses what is poisonous. */
function notingEmbedder(): Embedder & { readonly texts: string[] } {
  const texts: string[] = []
  return {
    model: 'test/8',
    dimensions: 8,
    maxTokens: 1000,
    texts,
    ready: async () => {},
    embed: async (asked) => {
      texts.push(...asked)
      const vectors = asked.map((text) => (text.includes('venom') ? new Error('no') : pseudoVector(text, 8)))
      return { vectors, tokens: 0, cost: 0 }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

async function storedVectors({ databaseUrl }: TestPipeline): Promise<readonly string[]> {
  const sql = 'select v::text as v from aquifer.vector_1 union all select v::text from aquifer.fresh_1'
  return withClient(databaseUrl, async (client) => (await client.query<{ v: string }>(sql)).rows.map(({ v }) => v))
}

test('a failed embedding is never stored as a vector of zeros: it is found by its words, and set aside', async () => {
  await using pipeline = await openPipeline({ embedder: notingEmbedder() })
  await pipeline.sync({ notes: scriptedSource({ a: 'lamp', b: 'lamp venom' }) })
  const vectors = await storedVectors(pipeline)
  expect(vectors).toHaveLength(1)
  expect(vectors[0]).toMatch(/[1-9]/)
  expect(await pipeline.projection.search({ text: 'venom', filter: everything, limit: 9 })).toHaveLength(1)
  expect(await pipeline.ledger.deadLetters({ source: undefined, limit: 9 })).toMatchObject([
    { key: 'b', stage: 'embed' },
  ])
})

test('a one-paragraph edit in a 100-chunk document embeds at most three chunks, and a change of permissions none', async () => {
  const embedder = notingEmbedder()
  await using pipeline = await openPipeline({ embedder, mapping: byReaders })
  const random = createRandom(3)
  const sentence = (): string =>
    `${random
      .some('a b c d e f g h i j k l m n o p'.split(' '), 12)
      .map((letter) => letter.repeat(4))
      .join(' ')}.`
  const paragraphs = Array.from({ length: 130 }, () => Array.from({ length: random.int(3, 5) }, sentence).join(' '))
  const source = scriptedSource()
  const write = async (readers: string): Promise<number> => {
    source.items.set('long', `${paragraphs.join('\n\n')}|${readers}`)
    embedder.texts.length = 0
    await pipeline.sync({ notes: source })
    return embedder.texts.length
  }
  expect(await write('staff')).toBeGreaterThanOrEqual(100)
  const { chunks } = await pipeline.ledger.status()
  expect(chunks).toBeGreaterThanOrEqual(100)
  for (const at of [10, 64, 117]) {
    paragraphs[at] = `Quite another paragraph of number ${String(at)}. ${sentence()}`
    const embedded = await write('staff')
    expect(embedded).toBeGreaterThan(0)
    expect(embedded).toBeLessThanOrEqual(3)
  }
  expect(await write('bosses')).toBe(0)
  const words = { text: 'another paragraph', limit: 9 }
  expect(await pipeline.projection.search({ ...words, filter: { ...everything, readable: ['staff'] } })).toEqual([])
  const found = await pipeline.projection.search({ ...words, filter: { ...everything, readable: ['bosses'] } })
  expect(found.length).toBeGreaterThanOrEqual(3)
})

test('a row is not embedded again because an unrelated column changed', async () => {
  const embedder = notingEmbedder()
  await using pipeline = await openPipeline({ embedder })
  // The second column is in no template: the row's digest changes with it, its text does not.
  const source = scriptedSource({ a: 'lamp|red' })
  await pipeline.sync({ notes: source })
  expect(embedder.texts).toEqual(['Title\nlamp'])
  source.items.set('a', 'lamp|blue')
  const { sources } = await pipeline.sync({ notes: source })
  expect(sources).toMatchObject([{ written: 1 }])
  expect(embedder.texts).toHaveLength(1)
})

test('an update leaves no gap in which the document is missing, by words or by meaning', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'lamp of number 0' })
  await pipeline.sync({ notes: source })
  const over = new AbortController()
  const counts = new Set<string>()
  const looking = (async () => {
    while (!over.signal.aborted) {
      const vector = pseudoVector('Title\nlamp', 8)
      const words = await pipeline.projection.search({ text: 'lamp', filter: everything, limit: 9 })
      const meaning = await nearest(pipeline.ledger, { model: 'test/8', vector, filter: everything, limit: 9 })
      counts.add(`${String(words.length)} ${String(meaning.length)}`)
    }
  })()
  for (let at = 1; at <= 12; at++) {
    source.items.set('a', `lamp of number ${String(at)}`)
    await pipeline.sync({ notes: source })
  }
  over.abort()
  await looking
  expect([...counts]).toEqual(['1 1'])
})

test('who reads the feed above a number skips nothing that commits later', async () => {
  await using pipeline = await openPipeline()
  const { ledger } = pipeline
  await ledger.ensureGeneration({ ...pipeline.settings, languages: [] })
  const claim = await claimOf(ledger)
  const { sourceId } = claim
  let isOver = false
  const seen: string[] = []
  const reading = (async () => {
    for (let after = 0; ;) {
      const wasOver = isOver
      const page = await ledger.feedPage({ generation: 1, sourceId, after, limit: 7 })
      seen.push(...page.records.map(({ key }) => key))
      if (wasOver && page.records.length === 0) return
      after = page.next
    }
  })()
  const keys = Array.from({ length: 120 }, (_, at) => `k${String(at).padStart(3, '0')}`)
  await Promise.all(keys.map((key) => ledger.commit(batchOf(claim, { puts: [recordOf(key, [])] }))))
  isOver = true
  await reading
  expect(seen.toSorted()).toEqual(keys)
})
