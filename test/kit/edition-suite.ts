import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Claim } from '../../src/core/ledger-sync.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import { openTempDir } from './temp-dir.ts'
import { axis, batchOf, chunkOf, claimOf, everything, recordOf, testHolder, testSettings } from './ledger-writes.ts'

const docs = { source: 'docs', type: 'test', language: 'english' }
const checkpoint = { cursor: { at: 1 }, position: '1', asOf: '2026-01-02T03:04:05.000Z', deletes: 'seen' as const }

/** The edition that is read, claimed; begun if there is none. */
async function building(ledger: Ledger, mapping = 'm2 o'): Promise<Claim> {
  await ledger.beginEdition({ ...docs, mapping, madeWith: { mapping } })
  const claim = await claimEdition(ledger, 'building')
  await ledger.startFullRead({ ...claim, mapping })
  return claim
}

const claimEdition = (ledger: Ledger, edition: 'building' | 'kept'): Promise<Claim> =>
  ledger.claim({ ...docs, edition, holder: testHolder, leaseMs: 60_000, dead: undefined })

/** Writes a record with the mapping's word in its text, and says that all was read. */
async function write(ledger: Ledger, claim: Claim, texts: Readonly<Record<string, string>>): Promise<void> {
  const puts = Object.entries(texts).map(([key, text], at) => recordOf(key, [chunkOf(text, axis(at % 4))]))
  await ledger.commit(batchOf(claim, { puts, checkpoint }))
  await ledger.noteCompared(claim)
}

async function found(ledger: Ledger, text: string, limit = 10): Promise<readonly string[]> {
  const words = await ledger.lexicalLeg({ text, filter: everything, limit })
  const near = await ledger.vectorLeg({
    vector: axis(0),
    model: testSettings.model,
    filter: everything,
    limit,
    also: [],
  })
  const chunks = [...words, ...near.found].map(({ chunk }) => chunk)
  const read = await ledger.readChunks({ chunks, filter: everything })
  return [...new Set(read.map((chunk) => chunk.text))].toSorted()
}

/** What every driver of the ledger must do with editions. `open` gives an empty, migrated ledger with `testSettings`. */
export function describeEditions(name: string, open: () => Promise<Ledger>): void {
  describe(`editions: ${name}`, () => {
    test('an edition tells where it goes on as long as somebody reads it, for what others may forget', async () => {
      await using ledger = await open()
      await write(ledger, await claimOf(ledger), { a: 'old lamp' })
      const beside = await building(ledger)
      await write(ledger, beside, { a: 'new lamp' })
      const told = async (): Promise<readonly string[]> =>
        (await ledger.cursors({ sources: ['docs'] })).map(({ edition }) => edition).toSorted()
      expect(await told()).toEqual(['active', 'building'])
      await ledger.release({ ...beside, error: undefined })
      expect(await told()).toEqual(['active'])
    })

    test('an edition that is read beside another is in no search, no fetch, no count and no list, until the switch', async () => {
      await using ledger = await open()
      const before = await claimOf(ledger)
      await write(ledger, before, { a: 'old lamp' })
      const beside = await building(ledger)
      await write(ledger, beside, { a: 'new lamp', b: 'new chair' })
      await ledger.addDeadLetters({
        sourceId: beside.sourceId,
        letters: [{ key: 'c', stage: 'map', position: '1', error: { code: 'SOURCE_INVALID', message: 'x', fix: 'x' } }],
      })
      const seen = async (): Promise<unknown> => ({
        found: await found(ledger, 'lamp chair'),
        record: (await ledger.readRecord({ source: 'docs', key: 'a', readable: undefined }))?.text,
        other: (await ledger.readRecord({ source: 'docs', key: 'b', readable: undefined }))?.text,
        counted: (await ledger.describeSources({ readable: ['*'] })).map(({ name, records }) => [name, records]),
        told: (await ledger.describeSources({ readable: undefined })).map(({ name, records }) => [name, records]),
        status: (await ledger.status()).sources.map(({ id, records, chunks, deadLetters }) => [
          id,
          records,
          chunks,
          deadLetters,
        ]),
        hidden: (await ledger.status()).hidden,
        chunks: (await ledger.status()).chunks,
        standings: (await ledger.standings({ projection: undefined, readable: ['*'], sources: ['docs'] })).sources.map(
          ({ sourceId }) => sourceId,
        ),
        letters: (await ledger.deadLetters({ source: 'docs', limit: 10 })).map(({ key }) => key),
      })
      expect(await seen()).toEqual({
        found: ['old lamp'],
        record: 'old lamp',
        other: undefined,
        counted: [['docs', 1]],
        told: [['docs', 1]],
        status: [[before.sourceId, 1, 1, 0]],
        hidden: [beside.sourceId],
        chunks: 1,
        standings: [before.sourceId],
        letters: [],
      })
      expect(await ledger.dropDeadLetters({ source: 'docs' })).toEqual({ dropped: 0 })
      expect(await ledger.readChunks({ chunks: [131_072, 196_608], filter: everything })).toEqual([])
      expect(
        (await ledger.deadLetters({ source: 'docs', sourceId: beside.sourceId, limit: 10 })).map(({ key }) => key),
      ).toEqual(['c'])
      expect(await ledger.switchEditions({ switches: [{ from: before, to: beside }] })).toEqual({ unread: [] })
      expect(await seen()).toEqual({
        found: ['new chair', 'new lamp'],
        record: 'new lamp',
        other: 'new chair',
        counted: [['docs', 2]],
        told: [['docs', 2]],
        status: [[beside.sourceId, 2, 2, 1]],
        hidden: [before.sourceId],
        chunks: 2,
        standings: [beside.sourceId],
        letters: ['c'],
      })
      expect(await ledger.editions()).toMatchObject([
        { source: 'docs', sourceId: before.sourceId, state: 'kept', records: 1, chunks: 1 },
      ])
    })

    test('what is hidden takes no place from what is found', async () => {
      await using ledger = await open()
      await write(ledger, await claimOf(ledger), { a: 'lamp of old' })
      const beside = await building(ledger)
      await write(ledger, beside, Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`k${String(at)}`, 'lamp'])))
      // What is known of editions may be half a second old.
      await new Promise((resolve) => setTimeout(resolve, 600))
      const words = await ledger.lexicalLeg({ text: 'lamp', filter: everything, limit: 3 })
      const vector = axis(0)
      const near = await ledger.vectorLeg({ vector, model: testSettings.model, filter: everything, limit: 3, also: [] })
      expect(words.map(({ chunk }) => chunk)).toEqual([65_536])
      expect(near.found.map(({ chunk }) => chunk)).toEqual([65_536])
      const readable = { ...everything, readable: ['*'] }
      expect((await ledger.lexicalLeg({ text: 'lamp', filter: readable, limit: 3 })).length).toBe(1)
    })

    test('a switch takes the claims on both: who lost one of them switches nothing, and nobody goes on writing', async () => {
      await using ledger = await open()
      const old = await claimOf(ledger)
      await write(ledger, old, { a: 'old' })
      const beside = await building(ledger)
      await write(ledger, beside, { a: 'new' })
      const again = await claimOf(ledger)
      const switches = [{ from: old, to: beside }]
      await expect(ledger.switchEditions({ switches })).rejects.toMatchObject({ code: 'SOURCE_FENCED' })
      expect(await found(ledger, 'old new')).toEqual(['old'])
      const right = [{ from: again, to: beside }]
      expect(await ledger.switchEditions({ switches: right })).toEqual({ unread: [] })
      // Sent again after a lost answer.
      expect(await ledger.switchEditions({ switches: right })).toEqual({ unread: [] })
      for (const claim of [again, beside]) {
        await expect(ledger.commit(batchOf(claim, {}))).rejects.toMatchObject({ code: 'SOURCE_FENCED' })
      }
      expect(await claimOf(ledger)).toMatchObject({ sourceId: beside.sourceId, mapping: 'm2 o' })
    })

    test('several sources switch together or not at all; one that was not read to its end holds them', async () => {
      await using ledger = await open()
      const docsOld = await claimOf(ledger)
      const notesOld = await claimOf(ledger, 'notes')
      await write(ledger, docsOld, { a: 'old doc' })
      await write(ledger, notesOld, { a: 'old note' })
      const docsNew = await building(ledger)
      await write(ledger, docsNew, { a: 'new doc' })
      const wanted = { source: 'notes', type: 'test', language: 'english' }
      await ledger.beginEdition({ ...wanted, mapping: 'm2 o', madeWith: {} })
      const notesNew = await ledger.claim({
        ...wanted,
        edition: 'building',
        holder: testHolder,
        leaseMs: 60_000,
        dead: undefined,
      })
      await ledger.startFullRead({ ...notesNew, mapping: 'm2 o' })
      await ledger.commit(batchOf(notesNew, { puts: [recordOf('a', [chunkOf('new note', axis(1))])] }))
      const switches = [
        { from: docsOld, to: docsNew },
        { from: notesOld, to: notesNew },
      ]
      expect(await ledger.switchEditions({ switches })).toEqual({ unread: ['notes'] })
      expect(await found(ledger, 'doc note')).toEqual(['old doc', 'old note'])
      await ledger.commit(batchOf(notesNew, { checkpoint }))
      expect(await ledger.switchEditions({ switches })).toEqual({ unread: ['notes'] })
      await ledger.startFullRead({ ...notesNew, mapping: 'm2 o' })
      await ledger.noteCompared(notesNew)
      expect(await ledger.switchEditions({ switches })).toEqual({ unread: ['notes'] })
      await ledger.commit(batchOf(notesNew, { checkpoint }))
      expect(await ledger.switchEditions({ switches })).toEqual({ unread: [] })
      expect(await found(ledger, 'doc note')).toEqual(['new doc', 'new note'])
    })

    test('an edition is taken up where its mapping is wanted; another one is dropped, and forgotten when it is tombstoned', async () => {
      await using ledger = await open()
      await write(ledger, await claimOf(ledger), { a: 'old' })
      const first = await building(ledger)
      await write(ledger, first, { a: 'lamp' })
      expect(await ledger.beginEdition({ ...docs, mapping: 'm2 o', madeWith: {} })).toEqual({
        sourceId: first.sourceId,
      })
      const second = await building(ledger, 'm3 o')
      expect(second.sourceId).not.toBe(first.sourceId)
      await expect(write(ledger, first, { b: 'lamp' })).rejects.toMatchObject({ code: 'SOURCE_FENCED' })
      expect(await ledger.dropEditions({})).toEqual({ dropped: 1 })
      const positions = await ledger.projectionPositions({ projection: 'words', generation: 1 })
      expect(positions.map(({ sourceId, edition, head }) => [sourceId, edition, head])).toEqual([
        [1, 'active', 1],
        [first.sourceId, 'dropped', 2],
        [second.sourceId, 'building', 0],
      ])
      const { records } = await ledger.feedPage({ generation: 1, sourceId: first.sourceId, after: 0, limit: 10 })
      expect(records).toMatchObject([{ key: 'a', feed: 2, chunks: [], gone: [131_072] }])
      await ledger.forgetEditions()
      expect(await ledger.projectionPositions({ projection: 'words', generation: 1 })).toHaveLength(2)
      expect(await ledger.recordNames({ recordIds: [1, 2] })).toMatchObject([{ recordId: 1 }])
      expect(await ledger.dropEditions({})).toEqual({ dropped: 0 })
    })

    test('what is kept is switched back to, and one is kept: the one before it goes', async () => {
      await using ledger = await open()
      const one = await claimOf(ledger)
      await write(ledger, one, { a: 'first' })
      const two = await building(ledger)
      await write(ledger, two, { a: 'second' })
      await ledger.switchEditions({ switches: [{ from: one, to: two }] })
      const back = await claimEdition(ledger, 'kept')
      expect(back.sourceId).toBe(one.sourceId)
      await ledger.switchEditions({ switches: [{ from: await claimOf(ledger), to: back }] })
      expect(await found(ledger, 'first second')).toEqual(['first'])
      const three = await building(ledger, 'm3 o')
      await write(ledger, three, { a: 'third' })
      await ledger.switchEditions({ switches: [{ from: await claimOf(ledger), to: three }] })
      expect((await ledger.editions()).map(({ sourceId, state }) => [sourceId, state])).toEqual([
        [one.sourceId, 'kept'],
      ])
      expect(await found(ledger, 'first second third')).toEqual(['third'])
    })

    test('a source that is removed takes all of its editions along', async () => {
      await using ledger = await open()
      const one = await claimOf(ledger)
      await write(ledger, one, { a: 'first' })
      const two = await building(ledger)
      await write(ledger, two, { a: 'second', b: 'third' })
      await ledger.switchEditions({ switches: [{ from: one, to: two }] })
      await write(ledger, await building(ledger, 'm3 o'), { a: 'fourth' })
      expect(await ledger.removeSource({ source: 'docs' })).toEqual({ records: 2 })
      expect(await ledger.editions()).toEqual([])
      expect(await found(ledger, 'first second third fourth')).toEqual([])
      await ledger.forgetSource({ source: 'docs' })
      expect(await ledger.strays({ generation: 1, after: -1, limit: 100 })).toMatchObject({ chunks: [], vectors: [] })
      expect(await ledger.projectionPositions({ projection: 'words', generation: 1 })).toEqual([])
      expect(await ledger.recordNames({ recordIds: [1, 2, 3, 4] })).toEqual([])
    })

    test('a backup holds all editions, and counts the records of those that answer', async () => {
      await using folder = await openTempDir()
      const path = join(folder.path, 'backup')
      await using ledger = await open()
      const one = await claimOf(ledger)
      await write(ledger, one, { a: 'first' })
      const two = await building(ledger)
      await write(ledger, two, { a: 'second', b: 'third' })
      await ledger.switchEditions({ switches: [{ from: one, to: two }] })
      expect(await ledger.backup({ path })).toMatchObject({ records: 2 })
      await using other = await open()
      expect(await other.restore({ path })).toEqual({ records: 2 })
      expect(await found(other, 'first second third')).toEqual(['second', 'third'])
      const to = await claimEdition(other, 'kept')
      await other.switchEditions({ switches: [{ from: await claimOf(other), to }] })
      expect(await found(other, 'first second third')).toEqual(['first'])
    })

    test('an edition has passages in every generation, and a change of generation leaves it where it stood', async () => {
      await using ledger = await open()
      const one = await claimOf(ledger)
      await write(ledger, one, { a: 'first' })
      const two = await building(ledger)
      await write(ledger, two, { a: 'second' })
      const wanted = { model: 'test/2', dimensions: 2, chunker: 'whole', languages: { docs: 'english' } }
      const { id: generation } = await ledger.beginGeneration(wanted)
      for (const { sourceId, head } of await ledger.generationPositions({ generation })) {
        const page = await ledger.textsPage({ sourceId, after: 0, limit: 10 })
        const records = page.map(({ recordId, text }) => ({
          recordId,
          chunks: [{ header: '', text, hash: text, vector: new Float32Array([0, 1]) }],
        }))
        const none = { copied: [], gone: [], embeddings: [], usage: { tokens: 0, cost: 0 }, embeddingMs: 0 }
        const page2 = { ...none, generation, sourceId, from: 0, upTo: head, language: 'english', records }
        expect(await ledger.fillGeneration(page2)).toEqual({ filled: true })
      }
      expect(await ledger.switchGeneration({ generation })).toEqual({ switched: true, unembedded: 0 })
      const languages = (await ledger.generations()).map((one) => one.languages)
      expect(languages).toEqual([{ docs: 'english' }, { docs: 'english' }])
      const from = await claimOf(ledger)
      const to = await claimEdition(ledger, 'building')
      await ledger.switchEditions({ switches: [{ from, to }] })
      const near = { vector: new Float32Array([0, 1]), model: 'test/2', filter: everything, limit: 10, also: [] }
      const chunks = (await ledger.vectorLeg(near)).found.map(({ chunk }) => chunk)
      expect((await ledger.readChunks({ chunks, filter: everything })).map(({ text }) => text)).toEqual(['second'])
    })
  })
}
