import { describe, expect, test } from 'vitest'
import { chunkAddress } from '../../src/core/chunk-address.ts'
import type { FillGeneration } from '../../src/core/ledger-generations.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import { nearest } from './ledger-legs.ts'
import { axis, batchOf, chunkOf, claimOf, everything, recordOf, testHolder } from './ledger-writes.ts'

const wanted = { model: 'test/2', dimensions: 2, chunker: 'whole' }
const vector = new Float32Array([0, 1])

function fillOf(sourceId: number, more: Partial<FillGeneration>): FillGeneration {
  return {
    generation: 2,
    sourceId,
    from: 0,
    upTo: 1,
    language: 'english',
    records: [],
    copied: [],
    gone: [],
    embeddings: [],
    usage: { tokens: 0, cost: 0 },
    embeddingMs: 0,
    ...more,
  }
}

const recordAt = (recordId: number, text: string, more = {}): FillGeneration['records'][number] => ({
  recordId,
  chunks: [{ header: '', text, hash: text, ...more }],
})

/** What every driver of the ledger must do with generations. `open` gives an empty, migrated ledger with `testSettings`. */
export function describeGenerations(name: string, open: () => Promise<Ledger>): void {
  describe(`generations: ${name}`, () => {
    test('a generation is filled beside the active one and replaces it in one step', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [chunkOf('one', axis(0)), chunkOf('two', axis(1))])] }))
      expect(await ledger.ensureGeneration({ ...wanted, languages: [] })).toMatchObject({
        differs: true,
        generation: { id: 1 },
      })
      const building = await ledger.beginGeneration({ ...wanted, languages: { docs: 'english' } })
      expect(building).toEqual({ id: 2, state: 'building', ...wanted })
      expect(await ledger.generationPositions({ generation: 2 })).toEqual([
        { sourceId: claim.sourceId, source: 'docs', feed: 0, head: 1 },
      ])
      const [record] = await ledger.textsPage({ sourceId: claim.sourceId, after: 0, limit: 10 })
      expect(record).toEqual({
        recordId: 1,
        feed: 1,
        deleted: false,
        given: false,
        key: 'a',
        title: 'Title of a',
        text: 'one\ntwo',
        mediaType: 'text/plain',
      })
      const page = fillOf(claim.sourceId, {
        records: [{ recordId: 1, chunks: [{ header: '', text: 'one two', hash: 'h', vector }] }],
      })
      expect(await ledger.fillGeneration(page)).toEqual({ filled: true })
      expect(await ledger.fillGeneration(page)).toEqual({ filled: false })
      await ledger.indexGeneration({ generation: 2, languages: ['english'] })
      expect(await ledger.lexicalLeg({ text: 'two', filter: everything, limit: 9 })).toMatchObject([
        { chunk: chunkAddress(1, 1) },
      ])
      expect(await ledger.switchGeneration({ generation: 2 })).toEqual({ switched: true, unembedded: 0 })
      // Again, after an answer that was lost.
      expect(await ledger.switchGeneration({ generation: 2 })).toEqual({ switched: true, unembedded: 0 })
      expect(await ledger.lexicalLeg({ text: 'two', filter: everything, limit: 9 })).toMatchObject([
        { chunk: chunkAddress(1, 0) },
      ])
      expect(await nearest(ledger, { model: 'test/2', vector, filter: everything, limit: 9 })).toEqual([
        { chunk: chunkAddress(1, 0), score: 1 },
      ])
      expect(await ledger.status()).toMatchObject({
        generation: { id: 2, state: 'active' },
        generations: [1, 2],
        chunks: 1,
      })
      const feed = await ledger.feedPage({ generation: 2, sourceId: claim.sourceId, after: 0, limit: 9 })
      expect(feed.records[0]).toMatchObject({ chunks: [{ chunk: chunkAddress(1, 0) }], gone: [chunkAddress(1, 1)] })
    })

    test('a text that the model of a generation refused is a dead letter while that one answers', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      const { sourceId } = claim
      const refused = { key: 'b', stage: 'embed', position: '1' } as const
      await ledger.commit(
        batchOf(claim, {
          puts: [
            recordOf('a', [chunkOf('one', axis(0))]),
            recordOf('b', [chunkOf('two')]),
            recordOf('c', [chunkOf('three', axis(1))]),
          ],
          deadLetters: [
            { ...refused, error: { code: 'EMBEDDING_REJECTED', message: 'by the first', fix: '' } },
            { key: 'd', stage: 'map', position: '1', error: { code: 'RECORD_INVALID', message: 'no', fix: '' } },
          ],
        }),
      )
      await ledger.beginGeneration({ ...wanted, languages: { docs: 'english' } })
      await ledger.fillGeneration(
        fillOf(sourceId, {
          upTo: 3,
          records: [recordAt(1, 'one'), recordAt(2, 'two', { vector }), recordAt(3, 'three')],
        }),
      )
      const letters = async (): Promise<readonly string[]> =>
        (await ledger.deadLetters({ source: undefined, limit: 9 }))
          .map(({ key, stage }) => `${key} ${stage}`)
          .toSorted()
      // Nothing is said of a generation that may never answer.
      expect(await letters()).toEqual(['b embed', 'd map'])
      expect(await ledger.switchGeneration({ generation: 2 })).toEqual({ switched: true, unembedded: 2 })
      expect(await letters()).toEqual(['a embed', 'c embed', 'd map'])
      expect((await ledger.known({ sourceId, keys: ['a', 'b'] })).map(({ digest }) => digest)).toEqual([
        '!digest of one',
        'digest of two',
      ])
      expect(await ledger.switchGeneration({ generation: 1 })).toEqual({ switched: true, unembedded: 1 })
      expect(await letters()).toEqual(['b embed', 'd map'])
    })

    test('a generation that lacks a change is not switched to', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [chunkOf('one', axis(0))])] }))
      await ledger.beginGeneration({ ...wanted, languages: {} })
      expect(await ledger.switchGeneration({ generation: 2 })).toEqual({ switched: false })
      await ledger.fillGeneration(fillOf(claim.sourceId, {}))
      await ledger.commit(batchOf(claim, { deletes: [{ key: 'a', position: '2' }] }))
      expect(await ledger.switchGeneration({ generation: 2 })).toEqual({ switched: false })
      expect(await ledger.textsPage({ sourceId: claim.sourceId, after: 1, limit: 9 })).toMatchObject([
        { recordId: 1, feed: 2, deleted: true, text: '' },
      ])
      await ledger.fillGeneration(fillOf(claim.sourceId, { from: 1, upTo: 2, gone: [1] }))
      expect(await ledger.switchGeneration({ generation: 2 })).toEqual({ switched: true, unembedded: 0 })
    })

    test('a switch ends every claim, and what was written before can no longer be', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.beginGeneration({ ...wanted, languages: {} })
      await ledger.switchGeneration({ generation: 2 })
      const late = ledger.commit(batchOf(claim, { puts: [recordOf('a', [chunkOf('one', axis(0))])] }))
      await expect(late).rejects.toMatchObject({ code: 'SOURCE_FENCED' })
      expect((await claimOf(ledger)).generation).toBe(2)
    })

    test('the one before is kept, is read only up to where it was left, and comes back once it follows', async () => {
      await using ledger = await open()
      const before = await claimOf(ledger)
      const { sourceId } = before
      await ledger.commit(
        batchOf(before, {
          puts: ['a', 'b', 'c'].map((key, index) => recordOf(key, [chunkOf(`text of ${key}`, axis(index))])),
        }),
      )
      await ledger.beginGeneration({ ...wanted, languages: { docs: 'english' } })
      await ledger.fillGeneration(fillOf(sourceId, { upTo: 3 }))
      await ledger.indexGeneration({ generation: 2, languages: ['english'] })
      await ledger.switchGeneration({ generation: 2 })
      const claim = await claimOf(ledger)
      await ledger.commit(
        batchOf(claim, {
          puts: [recordOf('b', [], { acl: ['staff'] })],
          deletes: [{ key: 'a', position: '2' }],
        }),
      )
      // What a projection of it may read ends where it was left: neither change is there.
      const left = await ledger.feedPage({ generation: 1, sourceId, after: 0, limit: 9 })
      expect(left).toMatchObject({ records: [{ key: 'c', feed: 3 }], next: 3, head: 3 })
      expect(await ledger.generationPositions({ generation: 1 })).toEqual([
        { sourceId, source: 'docs', feed: 3, head: 5 },
      ])
      expect(await ledger.switchGeneration({ generation: 1 })).toEqual({ switched: false })
      await ledger.fillGeneration(
        fillOf(sourceId, {
          generation: 1,
          from: 3,
          upTo: 5,
          records: [{ recordId: 2, chunks: [chunkOf('text of b', axis(1))] }],
          gone: [1],
        }),
      )
      expect(await ledger.switchGeneration({ generation: 1 })).toEqual({ switched: true, unembedded: 0 })
      expect(await ledger.status()).toMatchObject({ generation: { id: 1 }, generations: [1, 2], chunks: 2 })
      const found = await ledger.lexicalLeg({ text: 'text', filter: everything, limit: 9 })
      expect(found.map(({ chunk }) => chunk).toSorted((a, b) => a - b)).toEqual([
        chunkAddress(2, 0),
        chunkAddress(3, 0),
      ])
      const everybody = { ...everything, readable: ['*'] }
      expect(
        (await ledger.lexicalLeg({ text: 'text', filter: everybody, limit: 9 })).map(({ chunk }) => chunk),
      ).toEqual([chunkAddress(3, 0)])
      expect(await ledger.generations()).toMatchObject([
        { id: 1, state: 'active', chunks: 2 },
        { id: 2, state: 'kept', chunks: 0, languages: { docs: 'english' } },
      ])
    })

    test('what is kept or half built is taken up again by its settings and languages, and goes with the next one', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [])] }))
      const languages = { docs: 'english' }
      await ledger.beginGeneration({ ...wanted, languages })
      expect(await ledger.beginGeneration({ ...wanted, languages })).toMatchObject({ id: 2 })
      expect(await ledger.beginGeneration({ ...wanted, languages: { docs: 'german' } })).toMatchObject({ id: 2 })
      expect((await ledger.generations()).map(({ id, languages }) => [id, languages])).toEqual([
        [1, { docs: 'english' }],
        [2, { docs: 'german' }],
      ])
      await ledger.fillGeneration(fillOf(claim.sourceId, { language: 'german' }))
      await ledger.indexGeneration({ generation: 2, languages: ['german'] })
      await ledger.switchGeneration({ generation: 2 })
      expect((await ledger.status()).sources).toMatchObject([{ language: 'german' }])
      const third = { ...wanted, chunker: 'third' }
      expect(await ledger.beginGeneration({ ...third, languages })).toMatchObject({ id: 3, state: 'building' })
      await ledger.fillGeneration(fillOf(claim.sourceId, { generation: 3 }))
      await ledger.switchGeneration({ generation: 3 })
      expect((await ledger.status()).generations).toEqual([2, 3])
      expect(await ledger.beginGeneration({ ...wanted, languages: { docs: 'german' } })).toMatchObject({
        id: 2,
        state: 'kept',
      })
      expect(await ledger.dropGeneration({ generation: 2 })).toEqual({ dropped: true })
      expect(await ledger.dropGeneration({ generation: 3 })).toEqual({ dropped: false })
      expect((await ledger.status()).generations).toEqual([3])
    })

    test('vectors that were paid for stay as long as a generation has their text', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      const one = chunkOf('one', axis(0))
      const embeddings = [
        { hash: one.hash, vector: axis(0) },
        { hash: 'of a text that is gone', vector: axis(1) },
      ]
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [one])], embeddings }))
      const hashes = embeddings.map(({ hash }) => hash)
      await ledger.beginGeneration({ ...wanted, languages: {} })
      await ledger.fillGeneration(fillOf(claim.sourceId, {}))
      await ledger.switchGeneration({ generation: 2 })
      expect((await ledger.embeddedHashes({ hashes, model: 'test/4' })).length).toBe(2)
      const third = { ...wanted, chunker: 'third' }
      await ledger.beginGeneration({ ...third, languages: {} })
      await ledger.dropGeneration({ generation: 3 })
      expect(await ledger.embeddedHashes({ hashes, model: 'test/4' })).toEqual([one.hash])
      await ledger.dropGeneration({ generation: 1 })
      expect(await ledger.embeddedHashes({ hashes, model: 'test/4' })).toEqual([])
    })

    test('a vector that came with its row is taken over with its passage', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [chunkOf('one', axis(2))], { given: true })] }))
      expect(await ledger.textsPage({ sourceId: claim.sourceId, after: 0, limit: 9 })).toMatchObject([{ given: true }])
      const same = { model: 'other/4', dimensions: 4, chunker: 'test' }
      await ledger.beginGeneration({ ...same, languages: { docs: 'english' } })
      await ledger.fillGeneration(fillOf(claim.sourceId, { copied: [1] }))
      await ledger.switchGeneration({ generation: 2 })
      expect(await nearest(ledger, { model: 'other/4', vector: axis(2), filter: everything, limit: 9 })).toEqual([
        { chunk: chunkAddress(1, 0), score: 1 },
      ])
    })

    test('held sources are written by nobody else, until the time is over', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.holdSources({ holder: { ...testHolder, run: 'another' }, leaseMs: 200 })
      await expect(ledger.commit(batchOf(claim, {}))).rejects.toMatchObject({ code: 'SOURCE_FENCED' })
      await expect(claimOf(ledger)).rejects.toMatchObject({ code: 'SOURCE_BUSY' })
      await expect.poll(() => claimOf(ledger), { timeout: 5000 }).toMatchObject({ sourceId: claim.sourceId })
    })

    test('the tombstones of a removed source stay while a generation is kept that could bring it back', async () => {
      await using ledger = await open()
      const claim = await claimOf(ledger)
      await ledger.commit(batchOf(claim, { puts: [recordOf('a', [chunkOf('one', axis(0))])] }))
      await ledger.beginGeneration({ ...wanted, languages: {} })
      await ledger.fillGeneration(fillOf(claim.sourceId, {}))
      await ledger.switchGeneration({ generation: 2 })
      await ledger.removeSource({ source: 'docs' })
      await ledger.forgetSource({ source: 'docs' })
      expect(await ledger.textsPage({ sourceId: claim.sourceId, after: 1, limit: 9 })).toMatchObject([
        { deleted: true },
      ])
      await ledger.dropGeneration({ generation: 1 })
      await ledger.forgetSource({ source: 'docs' })
      expect((await ledger.status()).sources).toEqual([])
    })
  })
}
