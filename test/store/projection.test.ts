import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { AquiferError } from '../../src/core/errors.ts'
import { silentLog } from '../../src/core/log.ts'
import { openElasticsearch } from '../../src/stores/elasticsearch/open-elasticsearch.ts'
import { indicesOf, removeIndices } from '../kit/elasticsearch-indices.ts'
import { readDocuments, type StoredDocument } from '../kit/elasticsearch-documents.ts'
import { openPipeline, type TestPipeline } from '../kit/open-pipeline.ts'
import { scriptedSource } from '../kit/scripted-source.ts'
import { serverUrl } from '../kit/server-url.ts'
import { openTcpProxy, type TcpProxy } from '../kit/tcp-proxy.ts'
import { until } from '../kit/until.ts'
import { allAtOnce } from '../../src/core/turns.ts'

const everything = { readable: undefined, sources: undefined, facets: [] }

async function findings({ projection }: TestPipeline, text: string): Promise<number> {
  return (await projection.search({ text, filter: everything, limit: 10_000 })).length
}

function documentsOf({ indices }: TestPipeline): Promise<readonly StoredDocument[]> {
  return readDocuments(indices.url, indices.prefix)
}

function manyItems(count: number, text: string): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`k${String(at).padStart(5, '0')}`, `${text} ${String(at)}`]),
  )
}

test('a position is reported only when everything up to it is in every store', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource(manyItems(2500, 'first'))
  source.partialAfter = 1500
  source.beforeItem = (count) => {
    if (count === 2400) throw new Error('the source broke')
  }
  expect((await pipeline.sync({ notes: source })).sources[0]?.error?.code).toBe('INTERNAL')
  const [broken] = await pipeline.sources()
  expect(broken).toMatchObject({ position: null, ledger_position: null, as_of: null, records: 2000 })

  const seen: unknown[] = []
  source.beforeItem = () => {}
  await pipeline.sync({ notes: source })
  source.items.clear()
  for (const [key, text] of Object.entries(manyItems(2500, 'second'))) source.items.set(key, text)
  source.beforeItem = async (count) => {
    if (count !== 2499) return
    await until(async () => (await findings(pipeline, 'second')) > 0)
    seen.push((await pipeline.sources()).map(({ position, ledger_position }) => [position, ledger_position]))
  }
  await pipeline.sync({ notes: source })
  expect(seen).toEqual([[['read 2', 'read 2']]])
  expect(await pipeline.sources()).toMatchObject([{ position: 'read 3', ledger_position: 'read 3', records: 2500 }])
})

test('while Elasticsearch is away, the position stays where both stores are, and status tells how far it is behind', async () => {
  await using proxy = await openTcpProxy(serverUrl('elasticsearch'))
  await using pipeline = await openPipeline({ viaElasticsearch: () => proxy.url })
  const source = scriptedSource({ a: 'one', b: 'two', c: 'three' })
  await pipeline.sync({ notes: source })
  proxy.cut()
  source.items.set('a', 'changed').set('d', 'new')
  source.items.delete('b')
  const outcome = await pipeline.sync({ notes: source })
  expect(outcome.sources[0]?.error).toBeUndefined()
  expect(outcome.projection?.code).toBe('LEXICAL_UNREACHABLE')
  expect(await pipeline.sources()).toMatchObject([{ position: 'read 1', ledger_position: 'read 2', records: 3 }])
  expect((await pipeline.status()).stores).toMatchObject([
    { kind: 'ledger', chunks: 3, behind: 0 },
    { name: 'elasticsearch', chunks: null, behind: 3 },
  ])
  proxy.restore()
  await pipeline.sync({ notes: source })
  expect(await pipeline.sources()).toMatchObject([{ position: 'read 3', ledger_position: 'read 3' }])
  expect((await pipeline.status()).stores[1]).toMatchObject({ chunks: 3, behind: 0 })
})

test('Elasticsearch that comes only at the end of the first sync is searched all the same', async () => {
  await using proxy = await openTcpProxy(serverUrl('elasticsearch'))
  await using pipeline = await openPipeline({ viaElasticsearch: () => proxy.url })
  const source = scriptedSource({ a: 'one' })
  source.beforeItem = async () => {
    await systemClock.sleep(200)
    proxy.restore()
  }
  proxy.cut()
  expect((await pipeline.sync({ notes: source })).projection).toBeUndefined()
  expect(await findings(pipeline, 'one')).toBe(1)
})

test('a source in another language moves to the index of that language with all it has', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'die Häuser', b: 'der Garten' })
  await pipeline.sync({ notes: source })
  await pipeline.sync({ notes: source }, { language: 'german', full: true })
  expect(await findings(pipeline, 'Haus')).toBe(1)
  const { url, prefix } = pipeline.indices
  expect(await readDocuments(url, `${prefix}-g2-english`)).toEqual([])
  expect(await readDocuments(url, `${prefix}-g2-german`)).toHaveLength(2)
})

test('an index that is lost is filled again by the next sync, whichever it is', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'die Häuser' })
  await pipeline.sync({ notes: source }, { language: 'german' })
  const { url, prefix } = pipeline.indices
  for (const lost of [['german'], ['english'], ['german', 'english']]) {
    await removeIndices(
      url,
      lost.map((language) => `${prefix}-g1-${language}`),
    )
    expect((await pipeline.sync({ notes: source }, { language: 'german' })).projection).toBeUndefined()
    expect(await findings(pipeline, 'Haus')).toBe(1)
    expect((await pipeline.status()).stores[1]).toMatchObject({ chunks: 1, behind: 0 })
  }
  await removeIndices(url, await indicesOf(url, prefix))
  expect((await pipeline.status()).stores[1]).toMatchObject({ chunks: 0, behind: 1 })
})

test('indices that are lost are not made empty by a replay, nor between two looks at them', async () => {
  let lose: (() => Promise<void>) | undefined
  await using pipeline = await openPipeline({
    aroundProjection: (projection) => ({
      ...projection,
      exists: async (...args) => {
        const isThere = await projection.exists(...args)
        await lose?.()
        return isThere
      },
    }),
  })
  const source = scriptedSource({ a: 'house', b: 'house' })
  await pipeline.sync({ notes: source })
  const { url, prefix } = pipeline.indices
  const [sourceId = 0] = (await pipeline.ledger.status()).sources.map(({ id }) => id)
  const error = { code: 'LEXICAL_REJECTED', message: 'no', fix: '' } as const
  await pipeline.ledger.addDeadLetters({ sourceId, letters: [{ key: 'a', stage: 'project', position: '1', error }] })
  await removeIndices(url, await indicesOf(url, prefix))
  await pipeline.replay({ notes: source })
  await pipeline.sync({ notes: source })
  expect(await findings(pipeline, 'house')).toBe(2)
  lose = async () => {
    lose = undefined
    await removeIndices(url, await indicesOf(url, prefix))
  }
  await pipeline.sync({ notes: source })
  expect(await findings(pipeline, 'house')).toBe(2)
})

test('a rebuild that was interrupted does not go on where it was when something was written meanwhile', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource(manyItems(500, 'first'))
  await pipeline.sync({ notes: source })
  const stop = new AbortController()
  const interrupted = pipeline.sync(
    { notes: source },
    {
      chunker: 'two',
      full: true,
      signal: stop.signal,
      onProgress: ({ phase, read }) => {
        if (phase === 'rebuilding' && read >= 200) stop.abort()
      },
    },
  )
  await expect(interrupted).rejects.toThrow(/abort/i)
  source.items.set('k00001', 'second')
  source.items.delete('k00002')
  await pipeline.sync({ notes: source })
  await pipeline.sync({ notes: source }, { chunker: 'two', full: true })
  expect(await findings(pipeline, 'second')).toBe(1)
  expect(await findings(pipeline, 'first')).toBe(498)
  expect((await pipeline.status()).stores).toMatchObject([{ chunks: 499 }, { chunks: 499, behind: 0 }])
})

test('a removed source is forgotten only when Elasticsearch has forgotten it', async () => {
  await using pipeline = await openPipeline()
  const kept = scriptedSource({ a: 'kept' })
  await pipeline.sync({ kept, gone: scriptedSource({ b: 'gone', c: 'gone' }) })
  const stop = new AbortController()
  kept.beforeItem = () => stop.abort()
  const agreed = { mappings: false, removed: true }
  await pipeline.sync({ kept }, { agreed, signal: stop.signal })
  kept.beforeItem = () => {}
  await pipeline.sync({ kept }, { agreed })
  expect((await pipeline.sources()).map(({ name }) => name)).toEqual(['kept'])
  expect(await documentsOf(pipeline)).toMatchObject([{ deleted: false }])
})

test('tombstones go while a watch goes on, once the feed is well past them', async () => {
  let skewMs = 0
  const clock = { ...systemClock, now: () => Date.now() + skewMs, passed: () => performance.now() + skewMs }
  await using pipeline = await openPipeline({ clock })
  const source = scriptedSource({ a: 'one', b: 'two' })
  const stop = new AbortController()
  const watching = pipeline.sync({ notes: source }, { watch: allAtOnce, signal: stop.signal })
  await until(async () => (await findings(pipeline, 'one two').catch(() => 0)) === 2)
  source.items.delete('a')
  await until(async () => (await documentsOf(pipeline)).some(({ deleted }) => deleted))
  skewMs += 11 * 60_000
  await systemClock.sleep(1500)
  expect(await documentsOf(pipeline)).toHaveLength(2)
  skewMs += 11 * 60_000
  await until(async () => (await documentsOf(pipeline)).length === 1)
  stop.abort()
  await watching
  expect(await documentsOf(pipeline)).toMatchObject([{ deleted: false }])
})

test('a watch tells why Elasticsearch takes nothing, and goes on when that is mended', async () => {
  await using pipeline = await openPipeline()
  const { url, prefix } = pipeline.indices
  await using other = openElasticsearch({ url, prefix, log: silentLog, owner: 'another' })
  await other.prepare(1)
  const source = scriptedSource({ a: 'one' })
  const stop = new AbortController()
  const troubles: [readonly string[], AquiferError][] = []
  const watching = pipeline.sync(
    { notes: source },
    { watch: allAtOnce, signal: stop.signal, onTrouble: (names, error) => void troubles.push([names, error]) },
  )
  await until(async () => troubles.length > 0)
  expect(troubles).toMatchObject([[['elasticsearch'], { code: 'LEXICAL_FOREIGN' }]])
  await other.drop(1)
  await until(async () => (await findings(pipeline, 'one').catch(() => 0)) === 1)
  stop.abort()
  await watching
  expect(troubles).toHaveLength(1)
})

test('the graph of vectors is not built while another source is still read for the first time', async () => {
  const order: string[] = []
  await using pipeline = await openPipeline({
    around: (ledger) => ({
      ...ledger,
      finishLoad: async () => {
        order.push('graph')
        await ledger.finishLoad()
      },
    }),
  })
  const slow = scriptedSource({ a: 'one' })
  slow.beforeItem = async () => {
    await systemClock.sleep(1000)
    order.push('slow source read')
  }
  await pipeline.sync({ quick: scriptedSource({ b: 'two' }), slow })
  expect(order).toEqual(['slow source read', 'graph'])
  const stop = new AbortController()
  const watching = pipeline.sync(
    { quick: scriptedSource({ b: 'two' }), slow },
    { watch: allAtOnce, signal: stop.signal },
  )
  await until(async () => order.length > 3)
  stop.abort()
  await watching
  expect(order.slice(2, 4)).toEqual(['slow source read', 'graph'])
})

test('a watch rides out a ledger that goes away, in the middle of a read too', async () => {
  let proxy: TcpProxy | undefined
  await using pipeline = await openPipeline({
    viaPostgres: async (url) => (proxy = await openTcpProxy(url)).url,
  })
  if (proxy === undefined) throw new Error('there is no way to the ledger')
  await using way = proxy
  const source = scriptedSource(manyItems(1500, 'first'))
  const stop = new AbortController()
  const troubles: string[] = []
  const watching = pipeline.sync(
    { notes: source },
    { watch: allAtOnce, signal: stop.signal, onTrouble: (_names, { code }) => void troubles.push(code) },
  )
  source.beforeItem = (count) => {
    if (count === 1200) way.cut()
  }
  await until(async () => troubles.length > 0)
  source.beforeItem = () => {}
  source.items.set('k00001', 'second')
  way.restore()
  await until(async () => (await findings(pipeline, 'first second').catch(() => 0)) === 1500)
  expect(await findings(pipeline, 'second')).toBe(1)
  expect(new Set(troubles)).toEqual(new Set(['LEDGER_UNREACHABLE']))
  stop.abort()
  expect((await watching).sources).toMatchObject([{ error: undefined }])
})

test('a sync that is stopped does not wait for the graph of vectors', async () => {
  const stop = new AbortController()
  await using pipeline = await openPipeline({
    around: (ledger) => ({
      ...ledger,
      finishLoad: () => {
        setTimeout(() => stop.abort(), 50)
        return new Promise(() => {})
      },
    }),
  })
  const outcome = await pipeline.sync({ notes: scriptedSource({ a: 'one' }) }, { signal: stop.signal })
  expect(outcome.sources).toMatchObject([{ written: 1, error: undefined }])
})

test('a watch whose source another process took over goes on when that one leaves it', async () => {
  await using pipeline = await openPipeline()
  const source = scriptedSource({ a: 'one' })
  const stop = new AbortController()
  const troubles: string[] = []
  const watching = pipeline.sync(
    { notes: source },
    { watch: allAtOnce, signal: stop.signal, onTrouble: (_names, { code }) => void troubles.push(code) },
  )
  await until(async () => (await pipeline.sources())[0]?.records === 1)
  const held = await pipeline.ledger.holder({ source: 'notes' })
  const other = { host: 'elsewhere', pid: 1, run: 'other' }
  const claim = { source: 'notes', type: 'scripted', language: 'english' as const, holder: other }
  await pipeline.ledger.claim({ ...claim, leaseMs: 1500, dead: held?.run })
  source.items.set('b', 'two')
  await until(async () => (await pipeline.sources())[0]?.records === 2)
  expect(troubles).toEqual(['SOURCE_FENCED'])
  stop.abort()
  expect((await watching).sources).toMatchObject([{ error: undefined }])
})
