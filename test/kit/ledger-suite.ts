import { describe, expect, test } from 'vitest'
import { chunkAddress } from '../../src/core/chunk-address.ts'
import type { ChunkWrite } from '../../src/core/ledger-sync.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import { nearest, scoresOf } from './ledger-legs.ts'
import { axis, batchOf, chunkOf, claimOf, everything, recordOf, testHolder, testSettings } from './ledger-writes.ts'

const given = (vector: Float32Array): ChunkWrite => ({ ...chunkOf('one', vector), unhashed: true })

/** What every driver of the ledger must do. `open` gives an empty, migrated ledger with `testSettings`. */
export function describeLedger(name: string, open: () => Promise<Ledger>): void {
  describe(name, () => {
    test('tells where sources go on that have been read, and with which settings', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      const { name: source = '' } = (await ledger.status()).sources[0] ?? {}
      const sources = [source, 'unknown']
      expect(await ledger.cursors({ sources })).toEqual([])
      await ledger.startFullRead({ ...claim, mapping: 'm o' })
      await ledger.commit(batchOf(claim, { checkpoint: { cursor: { at: 7 }, position: '7', asOf: undefined } }))
      expect(await ledger.cursors({ sources })).toEqual([
        { source, edition: 'active', cursor: { at: 7 }, mapping: 'm o' },
      ])
      expect(await ledger.cursors({ sources: [] })).toEqual([])
      await ledger.startFullRead({ ...claim, mapping: 'm p' })
      expect(await ledger.cursors({ sources })).toEqual([])
    })

    test('a committed batch is found by meaning and by words, and read back whole', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      const result = await ledger.commit(
        batchOf(claim, {
          puts: [
            recordOf('a', [chunkOf('The quick brown foxes jumped', axis(0))], { fields: { n: 1 } }),
            recordOf('b', [chunkOf('A lazy dog sleeps', axis(1))]),
          ],
          checkpoint: { cursor: { at: 7 }, position: '7', asOf: '2026-01-02T03:04:05.000Z' },
        }),
      )
      expect(result).toMatchObject({ written: 2, deleted: 0, feed: 2 })
      const [near] = await nearest(ledger, {
        model: testSettings.model,
        vector: axis(0, 0.1),
        filter: everything,
        limit: 2,
      })
      expect(near?.chunk).toBe(chunkAddress(1, 0))
      expect(near?.score).toBeCloseTo(0.995, 2)
      const words = await ledger.lexicalLeg({ text: 'jumping fox', filter: everything, limit: 10 })
      expect(words.map(({ chunk }) => chunk)).toEqual([chunkAddress(1, 0)])
      expect(words[0]?.score).toBeGreaterThan(0)
      expect(await ledger.readChunks({ chunks: [chunkAddress(1, 0)], filter: everything })).toEqual([
        {
          chunk: chunkAddress(1, 0),
          recordId: 1,
          source: 'docs',
          key: 'a',
          ordinal: 0,
          alone: true,
          header: 'Head',
          text: 'The quick brown foxes jumped',
          title: 'Title of a',
          url: 'https://example.com/a',
          fields: { n: 1 },
          modifiedAt: undefined,
          position: '1',
          sourcePosition: '7',
          asOfMs: Date.parse('2026-01-02T03:04:05.000Z'),
        },
      ])
      const again = await claimOf(ledger)
      expect(again.cursor).toEqual({ at: 7 })
    })

    test('sources stand where ledger and projection are, for those who may read something of them', async () => {
      await using ledger = await open()
      const docs = await claimOf(ledger)
      const minutes = await claimOf(ledger, 'minutes')
      const asOf = '2026-01-02T03:04:05.000Z'
      const write = async (key: string, position: string): Promise<void> => {
        const checkpoint = { cursor: position, position, asOf }
        await ledger.commit(batchOf(docs, { puts: [recordOf(key, [chunkOf(key, axis(0))])], checkpoint }))
      }
      await write('a', '7')
      await ledger.commit(batchOf(minutes, { puts: [recordOf('m', [chunkOf('m', axis(0))], { acl: ['board'] })] }))
      const all = { projection: 'words', readable: undefined, sources: undefined }
      const unread = {
        source: 'minutes',
        position: undefined,
        asOfMs: undefined,
        positionFeed: 0,
        head: 1,
        lowest: undefined,
      }
      expect(await ledger.standings(all)).toMatchObject({
        generation: 1,
        sources: [
          { source: 'docs', position: '7', asOfMs: Date.parse(asOf), positionFeed: 1, head: 1, projected: 0 },
          { ...unread, projected: 0 },
        ],
      })
      const projected = { projection: 'words', generation: 1, sourceId: docs.sourceId }
      await ledger.advanceProjection({ ...projected, from: 0, feed: 1 })
      await write('b', '8')
      const standing = async (projection: string | undefined): Promise<unknown> =>
        (await ledger.standings({ ...all, projection, sources: ['docs'] })).sources
      expect(await standing('words')).toMatchObject([
        { position: '8', positionFeed: 2, head: 2, projected: 1, lowest: '7', syncing: true, deletesDue: false },
      ])
      expect(await standing(undefined)).toMatchObject([{ position: '8', projected: 2, lowest: '8' }])
      await ledger.advanceProjection({ ...projected, from: 1, feed: 2 })
      expect(await standing('words')).toMatchObject([{ projected: 2, lowest: '8' }])

      const seenBy = async (...readable: string[]): Promise<readonly string[]> =>
        (await ledger.standings({ ...all, readable })).sources.map(({ source }) => source)
      expect(await seenBy('*')).toEqual(['docs'])
      expect(await seenBy('*', 'board')).toEqual(['docs', 'minutes'])
      expect(await ledger.standings({ ...all, sources: ['elsewhere'] })).toEqual({
        generation: undefined,
        hidden: [],
        sources: [],
      })
    })

    test('a batch sent twice is applied once', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      const batch = batchOf(claim, { puts: [recordOf('a', [chunkOf('one', axis(0))])] })
      const first = await ledger.commit(batch)
      expect(await ledger.commit(batch)).toMatchObject({ written: 1, feed: first.feed })
      expect((await ledger.status()).sources[0]).toMatchObject({ records: 1, chunks: 1, feed: 1 })
    })

    test('a claim that was taken over can write nothing more', async () => {
      await using ledger = await open()
      const old = await claimOf(ledger)
      const held = ledger.claim({
        source: 'docs',
        type: 'test',
        language: 'english',
        holder: { ...testHolder, run: 'b' },
        leaseMs: 1000,
        dead: undefined,
      })
      await expect(held).rejects.toMatchObject({
        code: 'SOURCE_BUSY',
        message: expect.stringContaining('process 1 on here'),
      })
      await ledger.claim({
        source: 'docs',
        type: 'test',
        language: 'english',
        holder: { ...testHolder, run: 'b' },
        leaseMs: 1000,
        dead: testHolder.run,
      })
      await expect(ledger.commit(batchOf(old, { puts: [recordOf('a', [])] }))).rejects.toMatchObject({
        code: 'SOURCE_FENCED',
      })
      await expect(ledger.renew({ ...old, leaseMs: 1000 })).rejects.toMatchObject({ code: 'SOURCE_FENCED' })
      expect((await ledger.status()).sources[0]).toMatchObject({ records: 0 })
    })

    test('an update keeps the chunks whose text stays, also when they move, and drops the others', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      const [one, two, three] = [chunkOf('one', axis(0)), chunkOf('two', axis(1)), chunkOf('three', axis(2))]
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [one, two])] }))
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [three, chunkOf('two')])] }))
      const found = await nearest(ledger, {
        model: testSettings.model,
        vector: axis(1),
        filter: everything,
        limit: 10,
      })
      expect(found.map(({ chunk }) => chunk).toSorted()).toEqual([chunkAddress(1, 0), chunkAddress(1, 1)])
      expect(await ledger.neighbours({ ranges: [{ recordId: 1, from: 0, to: 9 }] })).toEqual([
        { recordId: 1, ordinal: 0, text: 'three' },
        { recordId: 1, ordinal: 1, text: 'two' },
      ])
      expect(await ledger.lexicalLeg({ text: 'one', filter: everything, limit: 10 })).toEqual([])
    })

    test('a vector that its row brought along is written anew when it changes, though the text stays', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      const scoreOf = async (): Promise<number | undefined> => {
        const asked = { model: testSettings.model, vector: axis(1), filter: everything, limit: 10 }
        return (await nearest(ledger, asked))[0]?.score
      }
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [given(axis(0))])] }))
      expect(await scoreOf()).toBeCloseTo(0, 2)
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [given(axis(1))])] }))
      expect(await scoreOf()).toBeCloseTo(1, 2)
      await ledger.mergeVectors()
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [given(axis(2))])] }))
      expect(await scoreOf()).toBeCloseTo(0, 2)
    })

    test('a deleted record is a tombstone: gone from both legs, in the feed with its old places, and not revived by itself', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [chunkOf('one', axis(0)), chunkOf('two', axis(1))])] }))
      const result = await ledger.commit(
        batchOf(claim, {
          deletes: [
            { key: 'a', position: '2' },
            { key: 'never there', position: '2' },
          ],
        }),
      )
      expect(result).toMatchObject({ deleted: 1, feed: 2 })
      expect(
        await nearest(ledger, { model: testSettings.model, vector: axis(0), filter: everything, limit: 10 }),
      ).toEqual([])
      expect(await ledger.lexicalLeg({ text: 'one', filter: everything, limit: 10 })).toEqual([])
      expect(await ledger.readRecord({ source: 'docs', key: 'a', readable: undefined })).toBeUndefined()
      const page = await ledger.feedPage({ generation: 1, sourceId: claim.sourceId, after: 0, limit: 10 })
      expect(page).toMatchObject({ next: 2, head: 2 })
      expect(page.records).toMatchObject([
        { key: 'a', feed: 2, chunks: [], gone: [chunkAddress(1, 0), chunkAddress(1, 1)] },
      ])
      expect((await ledger.status()).sources[0]).toMatchObject({ records: 0, chunks: 0 })
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [chunkOf('new', axis(2))])] }))
      expect(await ledger.readRecord({ source: 'docs', key: 'a', readable: undefined })).toMatchObject({ text: 'new' })
    })

    test('permissions and filters hold in every read, closed by default', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(
        batchOf(claim, {
          puts: [
            recordOf('open', [chunkOf('alpha open', axis(0))], { facets: ['kind=x'] }),
            recordOf('staff', [chunkOf('alpha staff', axis(0, 0.1))], { acl: ['staff'], facets: ['kind=y'] }),
            recordOf('nobody', [chunkOf('alpha nobody', axis(0, 0.2))], { acl: [] }),
          ],
        }),
      )
      const keysFor = async (readable: string[] | undefined, facets: string[][] = []): Promise<string[][]> => {
        const filter = { readable, sources: undefined, facets }
        const legs = [
          await nearest(ledger, { model: testSettings.model, vector: axis(0), filter, limit: 10 }),
          await ledger.lexicalLeg({ text: 'alpha', filter, limit: 10 }),
        ]
        return Promise.all(
          legs.map(async (leg) =>
            (await ledger.readChunks({ chunks: leg.map(({ chunk }) => chunk), filter }))
              .map(({ key }) => key)
              .toSorted(),
          ),
        )
      }
      expect(await keysFor(undefined)).toEqual([
        ['nobody', 'open', 'staff'],
        ['nobody', 'open', 'staff'],
      ])
      expect(await keysFor(['*'])).toEqual([['open'], ['open']])
      expect(await keysFor(['*', 'staff'])).toEqual([
        ['open', 'staff'],
        ['open', 'staff'],
      ])
      expect(await keysFor(['*', 'staff'], [['kind=y', 'kind=z']])).toEqual([['staff'], ['staff']])
      const everyChunk = [1, 2, 3].map((id) => chunkAddress(id, 0))
      const guest = { readable: ['*'], sources: undefined, facets: [] }
      expect(await ledger.readChunks({ chunks: everyChunk, filter: guest })).toMatchObject([{ key: 'open' }])
      expect(await ledger.readRecord({ source: 'docs', key: 'staff', readable: ['*'] })).toBeUndefined()
      expect(await ledger.describeSources({ readable: ['*'] })).toMatchObject([{ name: 'docs', records: 1 }])
      expect(await ledger.describeSources({ readable: undefined })).toMatchObject([{ name: 'docs', records: 3 }])
    })

    test('a filter that lets few of many records through is answered in full', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      for (let batch = 0; batch < 4; batch++) {
        const puts = Array.from({ length: 1000 }, (_, i) => {
          const n = batch * 1000 + i
          const rare = n % 400 === 399
          // The rare ones are the farthest from the question.
          return recordOf(
            `k${String(n)}`,
            [chunkOf(`alpha ${String(n)}`, rare ? axis(2, 0.5) : axis(0, (n % 97) / 200))],
            {
              acl: rare ? ['rare'] : ['*'],
            },
          )
        })
        await ledger.commit(batchOf(claim, { puts, loading: true }))
      }
      await ledger.finishLoad()
      while ((await ledger.mergeVectors()).remaining > 0);
      const rare = { readable: ['rare'], sources: undefined, facets: [] }
      expect(
        await nearest(ledger, { model: testSettings.model, vector: axis(0), filter: rare, limit: 20 }),
      ).toHaveLength(10)
      const words = await ledger.lexicalLeg({ text: 'alpha 3', filter: rare, limit: 20 })
      expect(words).toHaveLength(10)
      expect(words.map(({ score }) => score)).toEqual(
        (await scoresOf(ledger, 'alpha 3', words)).map((score) => expect.closeTo(score, 4)),
      )
      const allWords = await ledger.lexicalLeg({ text: 'alpha 3', filter: everything, limit: 100 })
      expect(allWords[0]?.chunk).toBe(chunkAddress(4, 0))
      expect(allWords.map(({ score }) => score)).toEqual(
        (await scoresOf(ledger, 'alpha 3', allWords)).map((score) => expect.closeTo(score, 4)),
      )
      const common = { readable: ['*'], sources: ['docs'], facets: [] }
      const walked = await nearest(ledger, { model: testSettings.model, vector: axis(0), filter: common, limit: 100 })
      expect(walked).toHaveLength(100)
      expect(walked[0]?.score).toBeCloseTo(1, 4)
    }, 120_000)

    test('vectors are found before and after they are merged into the graph', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(
        batchOf(claim, { puts: [recordOf('a', [chunkOf('one', axis(0))]), recordOf('b', [chunkOf('two', axis(1))])] }),
      )
      const nearestTwo = async (): Promise<number[]> =>
        (await nearest(ledger, { model: testSettings.model, vector: axis(1), filter: everything, limit: 2 })).map(
          ({ chunk }) => chunk,
        )
      expect(await nearestTwo()).toEqual([chunkAddress(2, 0), chunkAddress(1, 0)])
      expect(await ledger.mergeVectors()).toEqual({ remaining: 0 })
      expect(await nearestTwo()).toEqual([chunkAddress(2, 0), chunkAddress(1, 0)])
      const also = [chunkAddress(2, 0), chunkAddress(3, 0)]
      expect(
        await ledger.vectorLeg({ model: testSettings.model, vector: axis(0), filter: everything, limit: 1, also }),
      ).toEqual({ found: [{ chunk: chunkAddress(1, 0), score: 1 }], others: [{ chunk: chunkAddress(2, 0), score: 0 }] })
    })

    test('words that do not match have no score, and a chunk is scored without being searched for', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(
        batchOf(claim, { puts: [recordOf('a', [chunkOf('apple pie')]), recordOf('b', [chunkOf('pear tart')])] }),
      )
      const [found] = await ledger.lexicalLeg({ text: 'apples', filter: everything, limit: 10 })
      const scores = await ledger.lexicalScores({
        text: 'apples',
        chunks: [chunkAddress(1, 0), chunkAddress(2, 0)],
        languages: ['english'],
      })
      expect(scores).toHaveLength(1)
      expect(scores[0]?.chunk).toBe(chunkAddress(1, 0))
      expect(scores[0]?.score).toBeCloseTo(found?.score ?? 0, 5)
      expect(await ledger.lexicalLeg({ text: 'zzz', filter: everything, limit: 10 })).toEqual([])
    })

    test('vectors already paid for are kept by content, for the model they belong to', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(
        batchOf(claim, { embeddings: [{ hash: 'h1', vector: axis(3) }], usage: { tokens: 12, cost: 0.5 } }),
      )
      expect(await ledger.knownEmbeddings({ hashes: ['h1', 'h2'], model: undefined })).toEqual([
        { hash: 'h1', vector: axis(3) },
      ])
      expect(await ledger.knownEmbeddings({ hashes: ['h1'], model: 'another' })).toEqual([])
      expect((await ledger.status()).usage).toEqual({ tokens: 12, cost: 0.5 })
    })

    test('what was set aside is counted, and settled by a later success', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      const letter = {
        key: 'a',
        stage: 'map' as const,
        position: '1',
        error: { code: 'RECORD_INVALID' as const, message: 'no', fix: 'do' },
      }
      await ledger.commit(batchOf(claim, { deadLetters: [letter] }))
      await ledger.commit(batchOf(claim, { deadLetters: [letter] }))
      expect(await ledger.deadLetters({ source: 'docs', limit: 10 })).toMatchObject([
        { key: 'a', stage: 'map', attempts: 2 },
      ])
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [])] }))
      expect(await ledger.deadLetters({ source: undefined, limit: 10 })).toEqual([])
      await ledger.addDeadLetters({ sourceId: claim.sourceId, letters: [letter, { ...letter, key: 'b' }] })
      await ledger.settleDeadLetters({ sourceId: claim.sourceId, keys: ['a'] })
      expect(await ledger.deadLetters({ source: undefined, limit: 10 })).toMatchObject([{ key: 'b' }])
    })

    test('keys come in byte order, page by page', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      const keys = ['a/b', 'a.txt', 'é', 'z', 'A', '\u{1F600}', '\u{FFFD}']
      await ledger.commit(batchOf(claim, { puts: keys.map((key) => recordOf(key, [])) }))
      const first = await ledger.liveKeys({ sourceId: claim.sourceId, after: undefined, limit: 3 })
      const rest = await ledger.liveKeys({ sourceId: claim.sourceId, after: first.at(-1)?.key, limit: 10 })
      expect([...first, ...rest].map(({ key }) => key)).toEqual([
        'A',
        'a.txt',
        'a/b',
        'z',
        'é',
        '\u{FFFD}',
        '\u{1F600}',
      ])
    })

    test('a removed source leaves tombstones for the projections, then nothing', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [chunkOf('one', axis(0))]), recordOf('b', [])] }))
      expect(await ledger.removeSource({ source: 'docs' })).toEqual({ records: 2 })
      const page = await ledger.feedPage({ generation: 1, sourceId: claim.sourceId, after: 0, limit: 9 })
      expect(page.records).toMatchObject([
        { key: 'a', feed: 3, chunks: [] },
        { key: 'b', feed: 4, chunks: [] },
      ])
      await expect(ledger.commit(batchOf(claim, {}))).rejects.toMatchObject({ code: 'SOURCE_FENCED' })
      await ledger.forgetSource({ source: 'docs' })
      expect((await ledger.status()).sources).toEqual([])
    })

    test('a question in another model than the ledger holds is refused', async () => {
      await using ledger = await open()
      const asked = nearest(ledger, { model: 'another', vector: axis(0), filter: everything, limit: 1 })
      await expect(asked).rejects.toMatchObject({
        code: 'CONFIG_NEEDS_REBUILD',
        message: 'The ledger holds vectors of test/4, and another is configured.',
      })
    })

    test('a key opens by its hash until it is revoked', async () => {
      await using ledger = await open()
      const key = await ledger.addKey({ name: 'ide', groups: ['staff'], admin: false, hash: 'h' })
      expect(await ledger.findKey({ hash: 'h' })).toEqual(key)
      expect(await ledger.findKey({ hash: 'other' })).toBeUndefined()
      await ledger.revokeKey({ id: key.id })
      expect(await ledger.findKey({ hash: 'h' })).toBeUndefined()
      expect(await ledger.listKeys()).toMatchObject([{ name: 'ide', groups: ['staff'], revokedAt: expect.any(String) }])
      await expect(ledger.revokeKey({ id: 99 })).rejects.toMatchObject({ code: 'KEY_UNKNOWN' })
    })
  })
}
