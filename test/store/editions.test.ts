import { expect, test } from 'vitest'
import type { SourceConfig } from '../../src/core/config.ts'
import { allAtOnce } from '../../src/core/turns.ts'
import { apply, type ApplyOutcome } from '../../src/pipeline/apply.ts'
import { lastKept, restoreEditions } from '../../src/pipeline/build-editions.ts'
import { makePlan, type Plan, type PlanOptions } from '../../src/pipeline/plan.ts'
import type { SourceGroup } from '../../src/pipeline/source-job.ts'
import { sync, type SyncOptions } from '../../src/pipeline/sync.ts'
import { sweepEditions } from '../../src/pipeline/switch-editions.ts'
import { verify } from '../../src/pipeline/verify/verify.ts'
import { elsewhere } from '../kit/elsewhere.ts'
import { readDocuments } from '../kit/elasticsearch-documents.ts'
import { batchOf, chunkOf, claimOf, recordOf, testHolder } from '../kit/ledger-writes.ts'
import { openPipeline, type TestPipeline } from '../kit/open-pipeline.ts'
import { scriptedSource, type ScriptedSource } from '../kit/scripted-source.ts'
import { until } from '../kit/until.ts'

type Sources = Readonly<Record<string, ScriptedSource>>
const everybody = { readable: ['*', 'staff'], sources: undefined, facets: [] }
const staff = { id: 'somebody', groups: ['staff'], admin: false }
const administrator = { id: 'test', groups: [], admin: true }
/** Templates of a text, by the name of the mapping. */
const templates = { old: '{text}', new: 'shiny {text}', third: 'third {text}' }
type Named = keyof typeof templates

/** The sources as they are configured with a mapping. */
function configuredAs(
  pipeline: TestPipeline,
  sources: Sources,
  mapping: Named,
): Pick<SyncOptions, 'groups' | 'configured'> {
  const { groups } = pipeline.optionsOf(sources)
  const mapped = groups.map((group): SourceGroup => ({
    ...group,
    jobs: group.jobs.map((job) => ({
      ...job,
      mappingDigest: mapping,
      config: {
        ...job.config,
        mapping: { ...job.config.mapping, text: templates[mapping], acl: { groups: '{readers}' } },
      },
    })),
  }))
  const configs = mapped.flatMap(({ jobs }) => jobs.map(({ config }): [string, SourceConfig] => [config.name, config]))
  return { groups: mapped, configured: Object.fromEntries(configs) }
}

const planOptions = (pipeline: TestPipeline, sources: Sources, mapping: Named): PlanOptions => ({
  ...configuredAs(pipeline, sources, mapping),
  settings: pipeline.settings,
  earlier: [],
  pricePerMillionTokens: 2,
  isLocalModel: false,
  signal: new AbortController().signal,
})

const planOf = (pipeline: TestPipeline, sources: Sources, mapping: Named): Promise<Plan> =>
  makePlan(pipeline.context, planOptions(pipeline, sources, mapping))

async function applyTo(
  pipeline: TestPipeline,
  sources: Sources,
  mapping: Named,
  signal = new AbortController().signal,
  earlier: readonly SourceGroup[] = [],
): Promise<ApplyOutcome> {
  const options = { ...planOptions(pipeline, sources, mapping), earlier, signal, onProgress: () => {} }
  return apply(pipeline.context, await makePlan(pipeline.context, options), options)
}

const syncAs = (
  pipeline: TestPipeline,
  sources: Sources,
  mapping: Named,
  more: Partial<SyncOptions> = {},
): ReturnType<TestPipeline['sync']> => pipeline.sync(sources, { ...configuredAs(pipeline, sources, mapping), ...more })

async function rollback(pipeline: TestPipeline, sources: Sources, mapping: Named): Promise<void> {
  const kept = new Set(lastKept(await pipeline.ledger.editions()).map(({ source }) => source))
  const { groups } = configuredAs(pipeline, sources, mapping)
  const own = groups.filter(({ jobs }) => jobs.some(({ config }) => kept.has(config.name)))
  await restoreEditions(pipeline.context, { groups: own, signal: new AbortController().signal, onProgress: () => {} })
}

/** What a search shows as its doors do. */
async function shown(pipeline: TestPipeline, sources: Sources, query: string): Promise<readonly string[]> {
  const { hits } = await pipeline.knowledge(sources).search({ query, limit: 50 }, staff)
  return hits.map(({ id, text }) => `${id}: ${text}`).toSorted()
}

const differencesOf = async (pipeline: TestPipeline, sources: Sources, mapping: Named): Promise<readonly unknown[]> =>
  (
    await verify(pipeline.context, {
      ...configuredAs(pipeline, sources, mapping),
      settings: pipeline.settings,
      repair: false,
      reads: 'here',
      pace: async () => {},
      signal: new AbortController().signal,
      onProgress: () => {},
    })
  ).differences

const items = { a: 'alpha lamp|staff', b: 'beta lamp|staff', c: 'gamma lamp|staff' }

test('apply reads a mapping beside what answers, while a watch of the old one follows the source; then only the new one is found', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  await syncAs(pipeline, { notes }, 'old')
  const stop = new AbortController()
  const trouble: string[] = []
  const watching = sync(elsewhere(pipeline.context), {
    ...planOptions(pipeline, { notes }, 'old'),
    full: false,
    watch: allAtOnce,
    signal: stop.signal,
    onProgress: () => {},
    onTrouble: (_names, { code }) => trouble.push(code),
  })
  await until(async () => notes.reads > 2)
  await expect(syncAs(pipeline, { notes }, 'new')).rejects.toMatchObject({ code: 'CONFIG_NEEDS_REBUILD' })
  expect(await planOf(pipeline, { notes }, 'new')).toMatchObject({
    mappings: [{ source: 'notes', records: 3, begins: 'new', isFollowed: true, dropped: 0 }],
  })
  let isHeld = false
  notes.beforeItem = async () => {
    const [beside] = await pipeline.ledger.editions()
    // The first item of the read that begins once the edition is there, by whichever reader.
    if (isHeld || beside === undefined) return
    isHeld = true
    notes.items.delete('b')
    notes.items.set('c', 'gamma lamp|board')
    notes.items.set('d', 'delta lamp|staff')
  }
  await applyTo(pipeline, { notes }, 'new')
  expect(await shown(pipeline, { notes }, 'lamp')).toEqual(['notes:a: shiny alpha lamp', 'notes:d: shiny delta lamp'])
  expect((await watching).sources).toMatchObject([{ error: { code: 'GENERATION_SWITCHED' } }])
  expect(trouble.filter((code) => !['SOURCE_FENCED', 'SOURCE_BUSY', 'GENERATION_SWITCHED'].includes(code))).toEqual([])
  stop.abort()
  expect(await differencesOf(pipeline, { notes }, 'new')).toEqual([])
}, 60_000)

test('while a mapping is read nobody else need follow the source: deletes and revocations go at once from what is found', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  const before = Object.assign(scriptedSource(), { items: notes.items })
  await syncAs(pipeline, { notes: before }, 'old')
  const seen: unknown[] = []
  notes.beforeItem = async (count) => {
    if (count > 0 || seen.length > 0) return
    notes.items.delete('b')
    notes.items.set('c', 'gamma lamp|board')
    await until(async () => (await shown(pipeline, { notes }, 'lamp')).length === 1)
    seen.push(await shown(pipeline, { notes }, 'lamp'))
  }
  const { groups: earlier } = configuredAs(pipeline, { notes: before }, 'old')
  await applyTo(pipeline, { notes }, 'new', new AbortController().signal, earlier)
  expect(seen).toEqual([['notes:a: alpha lamp']])
  const reads = before.reads
  expect(await shown(pipeline, { notes }, 'lamp')).toEqual(['notes:a: shiny alpha lamp'])
  expect(before.reads).toBe(reads)
  expect((await pipeline.ledger.status()).sources).toMatchObject([{ records: 2, syncing: false, lastError: undefined }])
}, 60_000)

test('until the switch every door shows the old edition alone, and after it the new one', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  await syncAs(pipeline, { notes }, 'old')
  const stop = new AbortController()
  const { projection, ledger } = pipeline
  const doors = async (): Promise<unknown> => ({
    found: await shown(pipeline, { notes }, 'lamp shiny'),
    fetched: (await pipeline.knowledge({ notes }).fetch('notes:a', staff)).text,
    described: (await pipeline.knowledge({ notes }).describe(administrator)).map(({ records, chunks }) => [
      records,
      chunks,
    ]),
    stores: (await pipeline.status()).stores.map(({ name, chunks, behind }) => [name, chunks, behind]),
    // The store itself, as a search asks it.
    words: (
      await projection.search({
        text: 'lamp',
        filter: everybody,
        hidden: (await ledger.standings({ projection: undefined, readable: undefined, sources: undefined })).hidden,
        limit: 50,
      })
    ).length,
    differences: await differencesOf(
      pipeline,
      { notes },
      (await ledger.status()).sources[0]?.mapping?.split(' ')[0] as Named,
    ),
  })
  const old = {
    found: ['notes:a: alpha lamp', 'notes:b: beta lamp', 'notes:c: gamma lamp'],
    fetched: 'alpha lamp',
    described: [[3, 3]],
    stores: [
      ['postgres', 3, 0],
      ['elasticsearch', 3, 0],
    ],
    words: 3,
    differences: [],
  }
  expect(await doors()).toEqual(old)
  // Stopped before its last round, with everything of the first in both stores.
  const first = notes.reads
  notes.beforeItem = () => {
    if (notes.reads === first + 2) stop.abort()
  }
  await expect(applyTo(pipeline, { notes }, 'new', stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
  notes.beforeItem = () => {}
  expect(await ledger.editions()).toMatchObject([{ state: 'building', records: 3, chunks: 3 }])
  const live = (await readDocuments(pipeline.indices.url, pipeline.indices.prefix)).filter(({ deleted }) => !deleted)
  expect(live).toHaveLength(6)
  const claiming = { source: 'notes', edition: 'building', type: 'scripted', language: 'english' } as const
  const beside = await ledger.claim({ ...claiming, holder: testHolder, leaseMs: 1, dead: undefined })
  await ledger.commit(batchOf(beside, { puts: [recordOf('not projected', [chunkOf('lamp')])] }))
  expect((await pipeline.status()).stores).toMatchObject([{ chunks: 3 }, { chunks: 3, behind: 0 }])
  expect(await doors()).toEqual(old)
  await applyTo(pipeline, { notes }, 'new')
  const shiny = {
    ...old,
    found: ['notes:a: shiny alpha lamp', 'notes:b: shiny beta lamp', 'notes:c: shiny gamma lamp'],
    fetched: 'shiny alpha lamp',
  }
  expect(await doors()).toEqual(shiny)
  // What is wrong with the one that is kept is nobody's business before somebody goes back to it.
  const range = { generation: 1, sources: (await ledger.status()).hidden, after: -1, to: undefined, limit: 1 }
  await projection.remove((await projection.documents(range)).map(({ place }) => place))
  expect(await doors()).toEqual(shiny)
}, 60_000)

test('what was deleted while it was read is nowhere after the switch, nor is what the old edition alone had seen deleted', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  await syncAs(pipeline, { notes }, 'old')
  const stop = new AbortController()
  const first = notes.reads
  notes.beforeItem = () => {
    if (notes.reads === first + 2) stop.abort()
  }
  await expect(applyTo(pipeline, { notes }, 'new', stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
  notes.beforeItem = () => {}
  notes.items.delete('a')
  await syncAs(pipeline, { notes }, 'old')
  const seen: (readonly string[])[] = []
  const last = notes.reads
  notes.beforeItem = async (count) => {
    // In the last round nobody moves what answers, and the item goes once it has been read.
    if (notes.reads === last + 2 && count === 1) notes.items.delete('b')
    seen.push(await shown(pipeline, { notes }, 'lamp'))
  }
  await applyTo(pipeline, { notes }, 'new')
  notes.beforeItem = () => {}
  expect(new Set(seen.map(String))).toEqual(new Set(['notes:b: beta lamp,notes:c: gamma lamp']))
  expect(await shown(pipeline, { notes }, 'lamp')).toEqual(['notes:c: shiny gamma lamp'])
  expect(await differencesOf(pipeline, { notes }, 'new')).toEqual([])
}, 60_000)

test('an apply that was stopped goes on with what it has read, for the same mapping only; another one begins anew', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  await syncAs(pipeline, { notes }, 'old')
  const interrupt = async (mapping: Named): Promise<void> => {
    const stop = new AbortController()
    const before = notes.reads
    notes.beforeItem = () => {
      if (notes.reads === before + 2) stop.abort()
    }
    await expect(applyTo(pipeline, { notes }, mapping, stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
    notes.beforeItem = () => {}
  }
  await interrupt('new')
  expect(await pipeline.ledger.editions()).toMatchObject([{ state: 'building', records: 3 }])
  const [first] = await pipeline.ledger.editions()
  expect((await planOf(pipeline, { notes }, 'new')).mappings).toMatchObject([{ begins: 'building', read: 3 }])
  expect((await planOf(pipeline, { notes }, 'third')).mappings).toMatchObject([{ begins: 'new', read: 0 }])
  await interrupt('third')
  expect(await pipeline.ledger.editions()).toMatchObject([{ state: 'building', records: 3 }])
  expect((await pipeline.ledger.editions())[0]?.sourceId).not.toBe(first?.sourceId)
  notes.items.set('d', 'delta lamp|staff')
  const { mapped } = await applyTo(pipeline, { notes }, 'third')
  expect(mapped).toMatchObject([{ source: 'notes', written: 1 }])
  expect((await shown(pipeline, { notes }, 'lamp'))[0]).toBe('notes:a: third alpha lamp')
  expect(await pipeline.ledger.editions()).toMatchObject([{ sourceId: 1, state: 'kept' }])
  const live = (await readDocuments(pipeline.indices.url, pipeline.indices.prefix)).filter(({ deleted }) => !deleted)
  expect(live).toHaveLength(7)
}, 60_000)

test('several sources whose mapping changed answer together, and none while one of them cannot be read', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  const others = scriptedSource({ z: 'zeta lamp|staff' })
  const all = { notes, others }
  await syncAs(pipeline, all, 'old')
  others.beforeItem = () => {
    throw new Error('away')
  }
  await expect(applyTo(pipeline, all, 'new')).rejects.toBeDefined()
  expect((await shown(pipeline, all, 'lamp')).some((text) => text.includes('shiny'))).toBe(false)
  others.beforeItem = () => {}
  expect((await planOf(pipeline, all, 'new')).mappings).toMatchObject([
    { source: 'notes', begins: 'building', read: 3 },
    { source: 'others', begins: 'building', read: 0 },
  ])
  // Somebody elsewhere follows one of them.
  await claimOf(pipeline.ledger, 'notes')
  await applyTo(pipeline, all, 'new')
  expect(await shown(pipeline, all, 'lamp')).toEqual([
    'notes:a: shiny alpha lamp',
    'notes:b: shiny beta lamp',
    'notes:c: shiny gamma lamp',
    'others:z: shiny zeta lamp',
  ])
}, 60_000)

test('rollback catches the old mapping up before it answers again, and back; a source that is away is refused', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  await syncAs(pipeline, { notes }, 'old')
  await applyTo(pipeline, { notes }, 'new')
  notes.items.delete('b')
  notes.items.set('c', 'gamma lamp|board')
  notes.items.set('d', 'delta lamp|staff')
  await syncAs(pipeline, { notes }, 'new')
  notes.beforeItem = () => {
    throw new Error('away')
  }
  await expect(rollback(pipeline, { notes }, 'old')).rejects.toBeDefined()
  notes.beforeItem = () => {}
  expect(await shown(pipeline, { notes }, 'lamp')).toEqual(['notes:a: shiny alpha lamp', 'notes:d: shiny delta lamp'])
  await rollback(pipeline, { notes }, 'old')
  expect(await shown(pipeline, { notes }, 'lamp')).toEqual(['notes:a: alpha lamp', 'notes:d: delta lamp'])
  await expect(syncAs(pipeline, { notes }, 'new')).rejects.toMatchObject({ code: 'CONFIG_NEEDS_REBUILD' })
  expect(await differencesOf(pipeline, { notes }, 'old')).toEqual([])
  expect((await planOf(pipeline, { notes }, 'new')).mappings).toMatchObject([{ begins: 'kept', read: 3 }])
  notes.items.delete('a')
  await rollback(pipeline, { notes }, 'new')
  expect(await shown(pipeline, { notes }, 'lamp')).toEqual(['notes:d: shiny delta lamp'])
  expect((await pipeline.ledger.editions()).map(({ madeWith }) => madeWith)).toMatchObject([
    { name: 'notes', mapping: { text: '{text}' } },
  ])
}, 60_000)

test('what is dropped leaves no document behind, whoever sweeps it', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  await syncAs(pipeline, { notes }, 'old')
  await applyTo(pipeline, { notes }, 'new')
  const { ledger, indices } = pipeline
  const idsOf = async (): Promise<unknown> =>
    (await readDocuments(indices.url, indices.prefix)).map(({ record }) => record)
  expect(await idsOf()).toEqual([1, 2, 3, 4, 5, 6])
  // Marked, and the process is gone: the next sync does the rest.
  await ledger.dropEditions({ sourceIds: [1] })
  await syncAs(pipeline, { notes }, 'new')
  expect(await idsOf()).toEqual([4, 5, 6])
  expect((await ledger.status()).hidden).toEqual([])
  await applyTo(pipeline, { notes }, 'third')
  await ledger.dropEditions({ sourceIds: [2] })
  await sweepEditions(pipeline.context, 1, new AbortController().signal)
  expect(await idsOf()).toEqual([7, 8, 9])
  expect((await shown(pipeline, { notes }, 'lamp')).length).toBe(3)
}, 60_000)

test('a source that cannot tell what it no longer has is not switched, and keeps its records', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  await syncAs(pipeline, { notes }, 'old')
  const { AquiferError } = await import('../../src/core/errors.ts')
  const type = {
    ...notes.type,
    open: async (...args: Parameters<typeof notes.type.open>) => ({
      ...(await notes.type.open(...args)),
      // oxlint-disable-next-line require-yield
      async *keys(): AsyncGenerator<never> {
        throw new AquiferError('SOURCE_KEYS_UNKNOWN', 'It is not whole.')
      },
    }),
  }
  const blind = { notes: { ...notes, type } }
  notes.items.delete('a')
  await expect(applyTo(pipeline, blind, 'new')).rejects.toMatchObject({ code: 'EDITION_INCOMPLETE' })
  notes.items.clear()
  await expect(applyTo(pipeline, blind, 'third')).rejects.toMatchObject({ code: 'EDITION_INCOMPLETE' })
  expect((await shown(pipeline, blind, 'lamp')).length).toBe(3)
}, 60_000)

test('a full sync changes a mapping in place', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource(items)
  await syncAs(pipeline, { notes }, 'old')
  expect((await syncAs(pipeline, { notes }, 'new', { full: true })).sources).toMatchObject([{ written: 3 }])
  expect(await pipeline.ledger.editions()).toEqual([])
  expect((await shown(pipeline, { notes }, 'lamp'))[0]).toBe('notes:a: shiny alpha lamp')
}, 60_000)
