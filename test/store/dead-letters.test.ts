import { expect, test } from 'vitest'
import type { Embedder } from '../../src/core/embedder.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { LexicalProjection } from '../../src/core/lexical.ts'
import { openPipeline, type TestPipeline } from '../kit/open-pipeline.ts'
import { pseudoVector } from '../kit/pseudo-vector.ts'
import { scriptedSource } from '../kit/scripted-source.ts'

const everything = { readable: undefined, sources: undefined, facets: [] }

async function letters({ ledger }: TestPipeline): Promise<readonly object[]> {
  const found = await ledger.deadLetters({ source: undefined, limit: 100 })
  return found.map(({ key, stage, attempts, error }) => ({ key, stage, attempts, message: error.message }))
}

async function found({ projection }: TestPipeline, text: string): Promise<number> {
  return (await projection.search({ text, filter: everything, limit: 100 })).length
}

/** Refuses texts that hold one of these words. */
function pickyEmbedder(refused: Set<string>): Embedder {
  return {
    model: 'test/8',
    dimensions: 8,
    maxTokens: 1000,
    ready: async () => {},
    embed: async (texts) => ({
      vectors: texts.map((text) =>
        [...refused].some((word) => text.includes(word))
          ? new AquiferError('EMBEDDING_REJECTED', 'The model refuses this text.')
          : pseudoVector(text, 8),
      ),
      tokens: 0,
      cost: 0,
    }),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Refuses records with these keys for good. */
function pickyProjection(projection: LexicalProjection, refused: Set<string>): LexicalProjection {
  return {
    ...projection,
    write: async (generation, records) => {
      const written = await projection.write(
        generation,
        records.filter(({ key }) => !refused.has(key)),
      )
      const rejected = records.filter(({ key }) => refused.has(key)).map((record) => ({ record, message: 'no' }))
      return { rejected: [...written.rejected, ...rejected] }
    },
  }
}

test('poison at every stage is set aside, and what comes before and after it goes through', async () => {
  const refused = new Set(['venom'])
  const unprojected = new Set(['e-project'])
  await using pipeline = await openPipeline({
    embedder: pickyEmbedder(refused),
    aroundProjection: (projection) => pickyProjection(projection, unprojected),
  })
  const long = 'x'.repeat(2001)
  const source = scriptedSource({
    'a-first': 'fine one',
    'b-read': 'fine two',
    'c-embed': 'venom',
    'e-project': 'fine three',
    'f-map': '{ no JSON',
    [long]: 'fine four',
    'z-last': 'fine five',
  })
  source.rejects.set('b-read', 'It is locked.')
  const outcome = await pipeline.sync({ notes: source })
  expect(outcome).toMatchObject({ sources: [{ error: undefined }], projection: undefined })
  expect((await letters(pipeline)).toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
    { key: 'b-read', stage: 'read', attempts: 1, message: 'It is locked.' },
    { key: 'c-embed', stage: 'embed', attempts: 1, message: 'The model refuses this text.' },
    { key: 'e-project', stage: 'project', attempts: expect.any(Number), message: 'Elasticsearch refused this record.' },
    { key: 'f-map', stage: 'map', attempts: 1, message: expect.any(String) },
    { key: 'x'.repeat(500), stage: 'validate', attempts: 1, message: 'The key has more than 2000 bytes.' },
  ])
  expect(await found(pipeline, 'fine')).toBe(2)
  expect(await pipeline.sources()).toMatchObject([{ position: 'read 1', records: 4, dead_letters: 5 }])
})

test('a replay processes what was set aside and nothing else; what goes through leaves the list', async () => {
  const refused = new Set(['venom'])
  const unprojected = new Set(['d'])
  await using pipeline = await openPipeline({
    embedder: pickyEmbedder(refused),
    aroundProjection: (projection) => pickyProjection(projection, unprojected),
  })
  const source = scriptedSource({ a: 'apple', b: 'banana', c: 'venom cherry', d: 'date', e: 'elder' })
  source.rejects.set('a', 'locked').set('b', 'locked')
  await pipeline.sync({ notes: source })
  expect(await found(pipeline, 'date')).toBe(0)

  source.rejects.delete('a')
  source.rejects.set('b', 'still locked')
  source.items.set('e', 'not to be read by a replay')
  refused.clear()
  unprojected.clear()
  const outcome = await pipeline.replay({ notes: source })
  expect(outcome).toMatchObject({ sources: [{ source: 'notes', tried: 4, settled: 3, failed: 1, left: 0 }] })
  expect(source.readAlone).toEqual(['b', 'a'])
  expect(await letters(pipeline)).toEqual([{ key: 'b', stage: 'read', attempts: 2, message: 'still locked' }])
  expect(
    await Promise.all(['apple', 'cherry', 'date', 'elder', 'replay'].map((text) => found(pipeline, text))),
  ).toEqual([1, 1, 1, 1, 0])
  const vector = pseudoVector('Title\nvenom cherry', 8)
  const near = await pipeline.ledger.vectorLeg({ vector, model: 'test/8', filter: everything, limit: 10, also: [] })
  expect(near.found).toHaveLength(4)
  // The ledger has them as the source has them: the next read finds one change, and b still locked.
  expect(await pipeline.sync({ notes: source })).toMatchObject({ sources: [{ written: 1, unchanged: 3, rejected: 1 }] })
})

test('a replay brings what the source has now, never what was set aside', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'old', b: 'kept', c: 'gone soon' })
  await pipeline.sync({ notes: source })
  for (const key of ['a', 'b', 'c']) source.rejects.set(key, 'locked')
  await pipeline.sync({ notes: source })
  source.rejects.clear()
  source.items.set('a', 'new')
  source.items.delete('c')
  const outcome = await pipeline.replay({ notes: source })
  expect(outcome).toMatchObject({ sources: [{ tried: 3, settled: 3, failed: 0, left: 0 }] })
  expect(await letters(pipeline)).toEqual([])
  const read = (key: string): Promise<string | undefined> =>
    pipeline.ledger.readRecord({ source: 'notes', key, readable: undefined }).then((record) => record?.text)
  expect(await Promise.all(['a', 'b', 'c'].map(read))).toEqual(['new', 'kept', undefined])
})

test('an item that fails at another stage keeps its number, and its tries count on', async () => {
  const refused = new Set(['venom'])
  await using pipeline = await openPipeline({ embedder: pickyEmbedder(refused) })
  const source = scriptedSource({ a: 'venom' })
  source.rejects.set('a', 'locked')
  await pipeline.sync({ notes: source })
  const [first] = await pipeline.ledger.deadLetters({ source: 'notes', limit: 1 })
  source.rejects.clear()
  expect(await pipeline.replay({ notes: source })).toMatchObject({ sources: [{ settled: 0, failed: 1 }] })
  expect(await pipeline.replay({ notes: source })).toMatchObject({ sources: [{ settled: 0, failed: 1 }] })
  const [last] = await pipeline.ledger.deadLetters({ source: 'notes', limit: 1 })
  expect(last).toMatchObject({ id: first?.id, stage: 'embed', attempts: 3, firstAt: first?.firstAt })
})

test('what was set aside is settled when its item is again as the ledger holds it', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'one' })
  await pipeline.sync({ notes: source })
  source.rejects.set('a', 'locked')
  await pipeline.sync({ notes: source })
  expect(await letters(pipeline)).toHaveLength(1)
  source.rejects.clear()
  expect(await pipeline.sync({ notes: source })).toMatchObject({ sources: [{ written: 0, unchanged: 1 }] })
  expect(await letters(pipeline)).toEqual([])
})

test('where items cannot be read alone, a replay leaves them and says what does it', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'one' })
  source.readsByKey = false
  source.rejects.set('a', 'locked')
  await pipeline.sync({ notes: source })
  const [outcome] = (await pipeline.replay({ notes: source })).sources
  expect(outcome).toMatchObject({ tried: 1, settled: 0, failed: 0, left: 1 })
  expect(outcome?.error).toMatchObject({
    code: 'REPLAY_NOT_POSSIBLE',
    fix: 'Run `aquifer sync --full notes`, which reads every item again, or drop them if they are gone.',
  })
  expect(await letters(pipeline)).toHaveLength(1)
})

test('a replay waits its turn: another process that writes the source is not disturbed', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'one' })
  source.rejects.set('a', 'locked')
  await pipeline.sync({ notes: source })
  const holder = { host: 'elsewhere', pid: 1, run: 'other' }
  const held = { source: 'notes', type: 'scripted', language: 'english', holder, leaseMs: 60_000, dead: undefined }
  const claim = await pipeline.ledger.claim(held)
  expect((await pipeline.replay({ notes: source })).sources[0]?.error?.code).toBe('SOURCE_BUSY')
  await pipeline.ledger.renew({ ...claim, leaseMs: 1000 })
  expect(source.readAlone).toEqual([])
}, 30_000)

test('the last failure of a source is still told after a replay', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'one', b: 'two' })
  source.rejects.set('a', 'locked')
  source.partialAfter = 1
  await pipeline.sync({ notes: source })
  source.beforeItem = () => {
    throw new Error('the source broke')
  }
  await pipeline.sync({ notes: source })
  await pipeline.replay({ notes: source })
  expect(await pipeline.sources()).toMatchObject([{ last_error: { code: 'INTERNAL' } }])
})
