import { expect, test } from 'vitest'
import { allAtOnce } from '../../src/core/turns.ts'
import type { Embedder } from '../../src/core/embedder.ts'
import type { WantedGeneration } from '../../src/core/ledger-generations.ts'
import { apply, type ApplyOutcome } from '../../src/pipeline/apply.ts'
import { restoreGeneration } from '../../src/pipeline/build-generation.ts'
import { makePlan, type Plan, type PlanOptions } from '../../src/pipeline/plan.ts'
import type { PipelineContext } from '../../src/pipeline/pipeline.ts'
import { sync, type SyncOptions, type SyncOutcome } from '../../src/pipeline/sync.ts'
import { verify } from '../../src/pipeline/verify/verify.ts'
import { indicesOf } from '../kit/elasticsearch-indices.ts'
import { readDocuments } from '../kit/elasticsearch-documents.ts'
import { openPipeline, type TestPipeline } from '../kit/open-pipeline.ts'
import { pseudoVector } from '../kit/pseudo-vector.ts'
import { scriptedSource, type ScriptedSource } from '../kit/scripted-source.ts'
import { until } from '../kit/until.ts'

const everybody = { readable: ['*', 'staff'], sources: undefined, facets: [] }
const byReaders = { acl: { groups: '{readers}' } } as const
type Sources = Readonly<Record<string, ScriptedSource>>

/** Another model and shorter passages, which a test can watch and hold up. */
interface Another {
  readonly context: PipelineContext
  readonly settings: WantedGeneration
  readonly texts: string[]
  before: () => Promise<void>
}

function another(pipeline: TestPipeline, { model = 'other/8', maxTokens = 32 } = {}): Another {
  const made: Another = {
    context: {
      ...pipeline.context,
      embedder: undefined as unknown as Embedder,
      chunking: { ...pipeline.context.chunking, maxTokens },
    },
    settings: { model, dimensions: 8, chunker: `max ${String(maxTokens)}` },
    texts: [],
    before: async () => {},
  }
  const embedder: Embedder = {
    ...pipeline.context.embedder,
    model,
    embed: async (texts) => {
      await made.before()
      made.texts.push(...texts)
      return { vectors: texts.map((text) => pseudoVector(`other ${text}`, 8)), tokens: texts.length * 10, cost: 0 }
    },
  }
  return Object.assign(made, { context: { ...made.context, embedder } })
}

function optionsOf(pipeline: TestPipeline, { settings }: Another, sources: Sources): PlanOptions {
  return {
    ...pipeline.optionsOf(sources),
    settings,
    earlier: [],
    pricePerMillionTokens: 2,
    isLocalModel: false,
    signal: new AbortController().signal,
  }
}

const planOf = (pipeline: TestPipeline, to: Another, sources: Sources): Promise<Plan> =>
  makePlan(to.context, optionsOf(pipeline, to, sources))

async function applyTo(
  pipeline: TestPipeline,
  to: Another,
  sources: Sources,
  signal = new AbortController().signal,
): Promise<ApplyOutcome> {
  const options = { ...optionsOf(pipeline, to, sources), signal, onProgress: () => {} }
  return apply(to.context, await makePlan(to.context, options), options)
}

async function rollback(pipeline: TestPipeline, context = pipeline.context): Promise<void> {
  await restoreGeneration(context, { signal: new AbortController().signal, onProgress: () => {} })
}

/** A sync by a process that is configured with the other model. */
function syncAs(
  pipeline: TestPipeline,
  to: Another,
  sources: Sources,
  more: Partial<SyncOptions> = {},
): Promise<SyncOutcome> {
  return sync(to.context, {
    ...optionsOf(pipeline, to, sources),
    full: false,
    watch: undefined,
    onProgress: () => {},
    onTrouble: () => {},
    ...more,
  })
}

/** What `verify` finds between source, ledger, vectors and Elasticsearch under the first configuration. */
async function differencesOf(pipeline: TestPipeline, source: ScriptedSource): Promise<readonly unknown[]> {
  const { differences } = await verify(pipeline.context, {
    ...pipeline.optionsOf({ notes: source }),
    settings: pipeline.settings,
    repair: false,
    reads: 'here',
    pace: async () => {},
    signal: new AbortController().signal,
    onProgress: () => {},
  })
  return differences
}

/** What a search by words shows of which records: through Elasticsearch, read again from the ledger. */
async function shown(pipeline: TestPipeline, text: string, filter = everybody): Promise<readonly string[]> {
  const hits = await pipeline.projection.search({ text, filter, limit: 100 })
  const found = await pipeline.ledger.readChunks({ chunks: hits.map(({ chunk }) => chunk), filter })
  return found.map(({ key, text }) => `${key}: ${text}`).toSorted()
}

const nearestKeys = async (pipeline: TestPipeline, model: string, text: string): Promise<readonly string[]> => {
  const vector = pseudoVector(model === 'other/8' ? `other ${text}` : text, 8)
  const { found } = await pipeline.ledger.vectorLeg({ vector, model, filter: everybody, limit: 1, also: [] })
  const chunks = found.map(({ chunk }) => chunk)
  return (await pipeline.ledger.readChunks({ chunks, filter: everybody })).map(({ key }) => key)
}

const items = { a: 'alpha lamp|staff', b: 'beta lamp|staff', c: 'gamma lamp|staff' }

test('apply builds beside what answers, while a watch goes on: nothing is lost, and the watch ends at the switch', async () => {
  await using pipeline = await openPipeline({ mapping: byReaders })
  const source = scriptedSource(items)
  await pipeline.sync({ notes: source })
  const trouble: string[] = []
  const stop = new AbortController()
  const watching = pipeline.sync(
    { notes: source },
    { watch: allAtOnce, signal: stop.signal, onTrouble: (_names, { code }) => trouble.push(code) },
  )
  await until(async () => source.reads > 2)
  const to = another(pipeline)
  const seen: unknown[] = []
  to.before = async () => {
    to.before = async () => {}
    source.items.set('a', 'altered lamp|staff')
    source.items.set('d', 'delta lamp|staff')
    source.items.delete('b')
    await until(
      async () =>
        (await shown(pipeline, 'lamp')).join().includes('delta') &&
        !(await shown(pipeline, 'lamp')).join().includes('beta'),
    )
    seen.push(await shown(pipeline, 'lamp'), await nearestKeys(pipeline, 'test/8', 'Title\ngamma lamp'))
    seen.push((await pipeline.ledger.status()).generation?.id)
  }
  const { generation } = await applyTo(pipeline, to, { notes: source })
  expect(generation).toMatchObject({ id: 2, state: 'active', model: 'other/8' })
  expect(seen).toEqual([['a: altered lamp', 'c: gamma lamp', 'd: delta lamp'], ['c'], 1])
  const { sources } = await watching
  expect(sources).toMatchObject([{ error: { code: 'GENERATION_SWITCHED' } }])
  expect(trouble.filter((code) => code !== 'SOURCE_FENCED' && code !== 'GENERATION_SWITCHED')).toEqual([])
  expect(await shown(pipeline, 'lamp')).toEqual(['a: altered lamp', 'c: gamma lamp', 'd: delta lamp'])
  expect(await nearestKeys(pipeline, 'other/8', 'Title\naltered lamp')).toEqual(['a'])
  await expect(pipeline.sync({ notes: source })).rejects.toMatchObject({ code: 'CONFIG_NEEDS_REBUILD' })
}, 60_000)

test('a build that is stopped goes on where it was, and pays for nothing twice', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource(
    Object.fromEntries(Array.from({ length: 450 }, (_, at) => [`k${String(at)}`, `lamp number ${String(at)}`])),
  )
  await pipeline.sync({ notes: source })
  const to = another(pipeline)
  const stop = new AbortController()
  to.before = async () => {
    if (to.texts.length >= 200) stop.abort()
  }
  await expect(applyTo(pipeline, to, { notes: source }, stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
  expect((await pipeline.ledger.status()).generation?.id).toBe(1)
  const [first] = await pipeline.ledger.generationPositions({ generation: 2 })
  expect(first?.feed).toBeGreaterThanOrEqual(200)
  expect(first?.feed).toBeLessThan(450)
  to.before = async () => {}
  source.items.set('k0', 'another lamp')
  await pipeline.sync({ notes: source })
  expect(await planOf(pipeline, to, { notes: source })).toMatchObject({ build: { begins: 'building' } })
  await applyTo(pipeline, to, { notes: source })
  expect(new Set(to.texts).size).toBe(to.texts.length)
  expect((await pipeline.ledger.status()).chunks).toBe(450)
  expect(
    (await readDocuments(pipeline.indices.url, pipeline.indices.prefix)).filter(({ deleted }) => !deleted).length,
  ).toBe(450)
}, 60_000)

test('rollback is right after updates, deletes, revocations and new records, in both stores', async () => {
  await using pipeline = await openPipeline({ mapping: byReaders })
  const source = scriptedSource(items)
  await pipeline.sync({ notes: source })
  const to = another(pipeline)
  await applyTo(pipeline, to, { notes: source })
  source.items.set('a', 'altered lamp|staff')
  source.items.delete('b')
  source.items.set('c', 'gamma lamp|board')
  source.items.set('d', 'delta lamp|staff')
  await syncAs(pipeline, to, { notes: source })
  await rollback(pipeline)
  expect(await pipeline.ledger.status()).toMatchObject({ generation: { id: 1, model: 'test/8' }, chunks: 3 })
  expect(await shown(pipeline, 'lamp')).toEqual(['a: altered lamp', 'd: delta lamp'])
  expect(await nearestKeys(pipeline, 'test/8', 'Title\ndelta lamp')).toEqual(['d'])
  const { url, prefix } = pipeline.indices
  const live = (await readDocuments(url, prefix)).filter(({ deleted }) => !deleted)
  expect(live.map(({ record, feed, version }) => [record, feed, version])).toEqual([
    [1, 5, 5],
    [3, 4, 4],
    [4, 6, 6],
  ])
  expect(await differencesOf(pipeline, source)).toEqual([])

  // And forward again, after further changes.
  source.items.set('c', 'gamma lamp|staff')
  source.items.delete('d')
  await pipeline.sync({ notes: source })
  await rollback(pipeline, to.context)
  expect(await pipeline.ledger.status()).toMatchObject({ generation: { id: 2, model: 'other/8' }, chunks: 2 })
  expect(await shown(pipeline, 'lamp')).toEqual(['a: altered lamp', 'c: gamma lamp'])
}, 60_000)

test('after a rollback nobody rolls forward: a watch of the later configuration ends, and a sync is refused', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'lamp' })
  await pipeline.sync({ notes: source })
  const to = another(pipeline)
  await applyTo(pipeline, to, { notes: source })
  const reads = source.reads
  const watching = syncAs(pipeline, to, { notes: source }, { watch: allAtOnce })
  await until(async () => source.reads > reads)
  await rollback(pipeline)
  expect((await watching).sources).toMatchObject([{ error: { code: 'GENERATION_SWITCHED' } }])
  await expect(syncAs(pipeline, to, { notes: source }, { watch: allAtOnce })).rejects.toMatchObject({
    code: 'CONFIG_NEEDS_REBUILD',
  })
  expect((await pipeline.ledger.status()).generation?.id).toBe(1)
  // What is asked for is kept: to apply it again takes it up, and embeds nothing.
  expect(await planOf(pipeline, to, { notes: source })).toMatchObject({
    build: { begins: 'kept', tokens: 0, bytes: 0 },
  })
  const embedded = to.texts.length
  expect((await applyTo(pipeline, to, { notes: source })).generation?.id).toBe(2)
  expect(to.texts.length).toBe(embedded)
}, 60_000)

test('one generation is kept, in Elasticsearch too; the next apply lets the one before it go', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'lamp' })
  await pipeline.sync({ notes: source })
  const { url, prefix } = pipeline.indices
  await applyTo(pipeline, another(pipeline), { notes: source })
  expect((await indicesOf(url, prefix)).toSorted()).toEqual([`${prefix}-g1-english`, `${prefix}-g2-english`])
  expect(await shown(pipeline, 'lamp')).toEqual(['a: lamp'])
  const third = another(pipeline, { model: 'third/8' })
  expect(await planOf(pipeline, third, { notes: source })).toMatchObject({ build: { dropped: { id: 1 } } })
  await applyTo(pipeline, third, { notes: source })
  expect((await indicesOf(url, prefix)).toSorted()).toEqual([`${prefix}-g2-english`, `${prefix}-g3-english`])
  expect((await pipeline.ledger.generations()).map(({ id, state }) => [id, state])).toEqual([
    [2, 'kept'],
    [3, 'active'],
  ])
  expect(await shown(pipeline, 'lamp')).toEqual(['a: lamp'])
}, 60_000)

test('a removed source goes only by apply, and a rollback does not bring it back', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'lamp' })
  const other = scriptedSource({ z: 'other lamp' })
  await pipeline.sync({ notes: source, others: other })
  const to = another(pipeline)
  await applyTo(pipeline, to, { notes: source, others: other })
  await expect(syncAs(pipeline, to, { notes: source })).rejects.toMatchObject({
    code: 'CONFIG_NEEDS_REBUILD',
    message: 'Source others is no longer configured: its 1 record would be removed.',
  })
  await expect(syncAs(pipeline, to, { notes: source }, { full: true })).rejects.toMatchObject({
    code: 'CONFIG_NEEDS_REBUILD',
  })
  expect(await shown(pipeline, 'lamp')).toEqual(['a: lamp', 'z: other lamp'])
  expect(await planOf(pipeline, to, { notes: source })).toMatchObject({
    build: undefined,
    removed: [{ source: 'others', records: 1, passages: 1 }],
  })
  expect((await applyTo(pipeline, to, { notes: source })).removed).toEqual(['others'])
  expect(await shown(pipeline, 'lamp')).toEqual(['a: lamp'])
  expect((await pipeline.sources()).map(({ name }) => name)).toEqual(['notes'])
  await rollback(pipeline)
  expect(await shown(pipeline, 'lamp')).toEqual(['a: lamp'])
  expect((await pipeline.ledger.status()).chunks).toBe(1)
}, 60_000)

test('a source that is followed is not removed under the process that follows it', async () => {
  await using pipeline = await openPipeline()
  const other = scriptedSource({ z: 'other lamp' })
  await pipeline.sync({ others: other })
  const stop = new AbortController()
  const watching = pipeline.sync({ others: other }, { watch: allAtOnce, signal: stop.signal })
  await until(async () => other.reads > 2)
  const same = { ...another(pipeline), context: pipeline.context, settings: pipeline.settings }
  await expect(applyTo(pipeline, same, {})).rejects.toMatchObject({ code: 'SOURCE_BUSY' })
  stop.abort()
  await watching
  expect(await shown(pipeline, 'lamp')).toEqual(['z: other lamp'])
}, 60_000)

test('two processes do not build at once, and a plan of a large source says that it is an estimate', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource(
    Object.fromEntries(Array.from({ length: 2500 }, (_, at) => [`k${String(at)}`, `lamp ${String(at)}`])),
  )
  await pipeline.sync({ notes: source })
  const to = another(pipeline)
  const { build } = await planOf(pipeline, to, { notes: source })
  expect(build).toMatchObject({ isExact: false, passages: 2500, reused: 0, afresh: 2500, isMeasured: false })
  await pipeline.ledger.takeLease({ name: 'generations', run: 'somebody', leaseMs: 60_000 })
  await expect(applyTo(pipeline, to, { notes: source })).rejects.toMatchObject({ code: 'GENERATION_BUSY' })
}, 60_000)

test('vectors that are there are kept: another length of passages embeds only what is cut in another way', async () => {
  await using pipeline = await openPipeline()
  const long = Array.from({ length: 12 }, (_, at) => `Paragraph ${String(at)} ${'word '.repeat(20)}`).join('\n\n')
  const source = scriptedSource({ a: 'short one', b: 'short two', c: 'short three', d: long })
  await pipeline.sync({ notes: source })
  const to = another(pipeline, { model: 'test/8', maxTokens: 50 })
  const { build } = await planOf(pipeline, to, { notes: source })
  expect(build).toMatchObject({ begins: 'new', passages: 15, reused: 6, afresh: 9, isExact: true, dropped: undefined })
  await applyTo(pipeline, to, { notes: source })
  expect(to.texts.length).toBe(9)
  expect(to.texts.some((text) => text.includes('short'))).toBe(false)
  expect((await pipeline.ledger.status()).chunks).toBe(15)
}, 60_000)

test('a text that the new model refuses becomes a dead letter once it answers, and apply says how many', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'lamp one', b: 'lamp venom', c: 'lamp three' })
  await pipeline.sync({ notes: source })
  const to = another(pipeline)
  const { embedder } = to.context
  let isStrict = true
  const strict: Embedder = {
    ...embedder,
    embed: async (texts, options) => {
      const answer = await embedder.embed(texts, options)
      if (!isStrict) return answer
      return {
        ...answer,
        vectors: answer.vectors.map((vector, at) => (texts[at]?.includes('venom') === true ? new Error('no') : vector)),
      }
    },
  }
  const stricter = { ...to, context: { ...to.context, embedder: strict } }
  expect(await applyTo(pipeline, stricter, { notes: source })).toMatchObject({ generation: { id: 2 }, unembedded: 1 })
  expect(await shown(pipeline, 'venom')).toEqual(['b: lamp venom'])
  const letters = (): Promise<readonly unknown[]> => pipeline.ledger.deadLetters({ source: undefined, limit: 9 })
  expect(await letters()).toMatchObject([
    { source: 'notes', key: 'b', stage: 'embed', attempts: 1, error: { code: 'EMBEDDING_REJECTED' } },
  ])
  expect((await pipeline.sources()).map((one) => one.dead_letters)).toEqual([1])
  // The next read of the item tries again, though nothing has changed.
  isStrict = false
  await syncAs(pipeline, stricter, { notes: source })
  expect(await letters()).toEqual([])
}, 60_000)
