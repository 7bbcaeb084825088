import { BSON } from 'mongodb'
import type { FindCursor } from 'mongodb'
import { expect, test } from 'vitest'
import type { Id } from '../../indexers/mongodb/document.ts'
import type { Stored } from '../../indexers/mongodb/reader.ts'
import { scan } from '../../indexers/mongodb/scan.ts'
import type { Change } from '../../schemas/record.ts'
import { applyChanges, checkedChanges, collect, cursorsOf, readOptions } from '../kit/indexer-reading.ts'
import { openMongodbDatabase } from '../kit/mongodb-source.ts'
import type { MongodbDatabase } from '../kit/mongodb-source.ts'

const { Decimal128, Double, Int32, Long, ObjectId, UUID } = BSON
const source = { collection: 'things' }

/** Enough for several pages, of every type that an `_id` can have. */
function mixedIds(): Id[] {
  const ids: Id[] = [true, false, null, new Date(0), new UUID('550e8400-e29b-41d4-a716-446655440000')]
  for (let n = 0; n < 300; n += 1) {
    // The driver's types do not admit a document as an _id, which MongoDB does.
    const composite = { shop: 'a', n: new Int32(n) } as unknown as Id
    ids.push(new Int32(n), String(n), new Double(n + 0.5), new ObjectId(), `name ${String(n)}`, composite)
  }
  ids.push(Long.fromString('9007199254740993'), Decimal128.fromString('0.1'), new Double(Number.NaN))
  return ids
}

async function readUntil(
  database: MongodbDatabase,
  enough: (changes: readonly Change[]) => boolean,
): Promise<Change[]> {
  const changes: Change[] = []
  await using indexer = await database.open({ source })
  for await (const change of checkedChanges(indexer, {})) {
    changes.push(change)
    if (enough(changes)) break
  }
  return changes
}

const isPartial = (change: Change): boolean => change.kind === 'checkpoint' && change.partial === true

test('ids of all types are read once each, page by page, and their keys differ', async () => {
  await using database = await openMongodbDatabase('things')
  const ids = mixedIds()
  await database.collection('things').insertMany(ids.map((_id) => ({ _id, text: 'old' })))
  const { changes, puts } = await database.read('things')
  expect(puts).toHaveLength(ids.length)
  expect(new Set(puts.map(({ key }) => key)).size).toBe(ids.length)
  expect(changes.filter(isPartial)).toHaveLength(4)
  await using indexer = await database.open({ source })
  const keys = await collect(indexer.keys('source', {}, 'digests'))
  const byBytes = puts.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
  expect(keys).toEqual(byBytes.map(({ key, digest }) => ({ key, digest })))
})

test('a first read that was killed goes on after any page, and misses nothing that changed meanwhile', async () => {
  const ids = mixedIds()
  for (const pages of [1, 2, 3]) {
    await using database = await openMongodbDatabase('things')
    const things = database.collection('things')
    await things.insertMany(ids.map((_id) => ({ _id, text: 'old' })))
    const seen = await readUntil(database, (changes) => changes.filter(isPartial).length === pages)
    // By then the numbers have been read and the dates have not.
    await things.deleteOne({ _id: new Int32(3) })
    await things.updateOne({ _id: new Int32(4) }, { $set: { text: 'new' } })
    await things.insertOne({ _id: new Int32(-1), text: 'new' })
    await things.deleteOne({ _id: new Date(0) })
    await things.updateOne({ _id: 'name 299' }, { $set: { text: 'new' } })
    const held = new Map<string, string>()
    applyChanges(held, seen, 'source')
    const { changes, puts, cursor } = await database.read('things', cursorsOf(seen)['source'])
    applyChanges(held, changes, 'source')
    await using indexer = await database.open({ source }, readOptions())
    const there = await collect(indexer.keys('source', {}, 'digests'))
    expect(held).toEqual(new Map(there.map(({ key, digest }) => [key, digest])))
    expect(puts.length).toBeLessThanOrEqual(ids.length - pages * 500 + 4)
    expect(cursor).toMatchObject({ pass: null })
  }
})

test('what is deleted during the first read is not brought back, nor what is made and deleted', async () => {
  await using database = await openMongodbDatabase('things')
  const things = database.collection('things')
  await things.insertMany(['a', 'b', 'c'].map((_id) => ({ _id, text: 'old' })))
  const changes: Change[] = []
  await using indexer = await database.open({ source })
  for await (const change of checkedChanges(indexer, {})) {
    changes.push(change)
    if (changes.length !== 1) continue
    await things.deleteOne({ _id: 'a' })
    await things.insertOne({ _id: 'd', text: 'new' })
    await things.deleteOne({ _id: 'd' })
  }
  const held = new Map<string, string>()
  applyChanges(held, changes, 'source')
  expect([...held.keys()].toSorted()).toEqual(['b', 'c'])
  expect(changes.some((change) => change.kind === 'put' && change.key === 'd')).toBe(false)
})

test('a read whose cursor the server has dropped goes on behind the last document', async () => {
  await using database = await openMongodbDatabase('things')
  const things = database.collection('things')
  const ids = mixedIds()
  await things.insertMany(ids.map((_id) => ({ _id })))
  const opened: FindCursor[] = []
  const collection = new Proxy(database.client.db(database.name).collection<Stored>('things'), {
    get: (target, name) => {
      if (name !== 'find') return Reflect.get(target, name)
      return (...args: Parameters<typeof target.find>) => {
        const cursor = target.find(...args)
        opened.push(cursor)
        return cursor
      }
    },
  })
  const session = database.client.startSession()
  const reader = {
    ...readOptions(),
    name: 'things',
    place: { subject: 'Source things', what: 'things' },
    collection,
    session,
    limits: { signal: new AbortController().signal, waitMs: 5000 },
    operationTimeoutMs: 5000,
  }
  const keys: string[] = []
  for await (const documents of scan(reader, { after: null, idsOnly: true })) {
    keys.push(...documents.map(({ key }) => key))
    if (opened.length < 3) {
      await database.client.db(database.name).command({ killCursors: 'things', cursors: [opened.at(-1)?.id] })
    }
  }
  await session.endSession()
  expect(opened).toHaveLength(3)
  expect(keys).toHaveLength(ids.length)
  expect(new Set(keys).size).toBe(ids.length)
})
