import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Change, Json } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { checkedChanges, collect } from '../kit/indexer-reading.ts'
import { openMongodbDatabase } from '../kit/mongodb-source.ts'
import type { MongodbDatabase } from '../kit/mongodb-source.ts'
import { openTcpProxy } from '../kit/tcp-proxy.ts'
import { serverUrl } from '../kit/server-url.ts'

const source = { collection: 'things' }

async function failureOf(database: MongodbDatabase, cursor: Json): Promise<string> {
  try {
    await using indexer = await database.open({ source })
    await collect(indexer.changes({ source: cursor }))
    return 'no failure'
  } catch (error) {
    return error instanceof AquiferError ? `${error.code} ${error.message}` : String(error)
  }
}

function withToken(cursor: Json, token: Json): Json {
  return { ...(cursor as Record<string, Json>), token }
}

const isReject = (change: Change): boolean => change.kind === 'reject' && change.code === 'RECORD_INVALID'
const told = (changes: readonly Change[]): string[] =>
  changes.map((change) => (change.kind === 'checkpoint' ? 'checkpoint' : `${change.kind} ${change.key}`))

test('a document that changes often is one put, one that is deleted and made again a put', async () => {
  await using database = await openMongodbDatabase('things')
  const things = database.collection('things')
  await things.insertOne({ _id: 'a', n: 0 })
  const { cursor } = await database.read('things')
  for (const n of [1, 2, 3]) await things.replaceOne({ _id: 'a' }, { n })
  await things.insertOne({ _id: 'b', n: 1 })
  await things.deleteOne({ _id: 'b' })
  await things.insertOne({ _id: 'b', n: 2 })
  const { changes, rows } = await database.read('things', cursor)
  expect(told(changes)).toEqual(['put a', 'put b', 'checkpoint'])
  expect(rows).toEqual({ a: { _id: 'a', n: 3 }, b: { _id: 'b', n: 2 } })
})

test('a key that changes is a delete and a put', async () => {
  await using database = await openMongodbDatabase('things')
  const things = database.collection('things')
  await things.insertOne({ _id: 5, text: 'same' })
  const { cursor } = await database.read('things')
  await things.deleteOne({ _id: 5 })
  await things.insertOne({ _id: '5', text: 'same' })
  expect(told((await database.read('things', cursor)).changes).toSorted()).toEqual([
    'checkpoint',
    'delete 5',
    'put "5"',
  ])
})

test('thousands of changes come once each, with checkpoints from which the rest follows', async () => {
  await using database = await openMongodbDatabase('things')
  const things = database.collection('things')
  const { cursor } = await database.read('things')
  await things.insertMany(Array.from({ length: 2500 }, (_, n) => ({ _id: `key ${String(n)}`, n })))
  const { changes, puts } = await database.read('things', cursor)
  expect(new Set(puts.map(({ key }) => key)).size).toBe(2500)
  expect(puts).toHaveLength(2500)
  const first = changes.findIndex(({ kind }) => kind === 'checkpoint')
  expect(first).toBe(500)
  const checkpoint = changes[first]
  if (checkpoint?.kind !== 'checkpoint') throw new Error('there is no checkpoint')
  const rest = await database.read('things', checkpoint.cursor)
  expect(new Set([...puts.slice(0, first), ...rest.puts].map(({ key }) => key)).size).toBe(2500)
  expect(rest.puts).toHaveLength(2000)
})

test('a quiet collection is told to be so at once, and another collection is not mixed in', async () => {
  await using database = await openMongodbDatabase('things', 'others')
  const { cursor } = await database.read('things')
  await database.collection('others').insertOne({ _id: 'a' })
  await using indexer = await database.open({ source })
  const startedAt = Date.now()
  expect(told(await collect(indexer.changes({ source: cursor })))).toEqual(['checkpoint'])
  expect(Date.now() - startedAt).toBeLessThan(800)
})

test('what others write all the time does not keep a read from ending', async () => {
  await using database = await openMongodbDatabase('things', 'others')
  const { cursor } = await database.read('things')
  const stop = new AbortController()
  const writing = (async (): Promise<void> => {
    for (let n = 0; !stop.signal.aborted; n += 1) await database.collection('others').insertOne({ _id: n })
  })()
  expect(told((await database.read('things', cursor)).changes)).toEqual(['checkpoint'])
  stop.abort()
  await writing
})

test('changes are streamed as they come, and checkpoints follow when they pause', async () => {
  await using database = await openMongodbDatabase('things', 'others')
  const things = database.collection('things')
  const stop = new AbortController()
  await using indexer = await database.open(
    { source, quiet: { collection: 'others' } },
    { until: 'abort', signal: stop.signal },
  )
  const changes: Change[] = []
  const reading = (async (): Promise<void> => {
    for await (const change of checkedChanges(indexer, {})) if (change.source === 'source') changes.push(change)
  })()
  await expect.poll(() => told(changes)).toEqual(['checkpoint'])
  for (const n of [1, 2]) {
    const writtenAt = Date.now()
    await things.insertOne({ _id: `key ${String(n)}` })
    await expect.poll(() => told(changes), { interval: 5 }).toContain(`put key ${String(n)}`)
    expect(Date.now() - writtenAt).toBeLessThan(400)
  }
  await expect.poll(() => changes.at(-1)?.kind, { timeout: 2000 }).toBe('checkpoint')
  const before = changes.length
  await sleep(1200)
  expect(changes.length).toBe(before)
  stop.abort()
  await reading
})

test('a collection that was dropped, or made anew, is not gone on with', async () => {
  await using database = await openMongodbDatabase('things')
  const things = database.collection('things')
  await things.insertOne({ _id: 'a' })
  const { cursor } = await database.read('things')
  await things.drop()
  expect(await failureOf(database, cursor)).toBe(
    `SOURCE_INVALID Source source: there is no collection ${database.name}.things`,
  )
  await things.insertOne({ _id: 'b' })
  expect(await failureOf(database, cursor)).toBe(
    `CURSOR_EXPIRED Source source: ${database.name}.things is not the collection that was read before.`,
  )
  const { changes } = await database.read('things', cursor)
  expect(told(changes)).toEqual(['put b', 'checkpoint', 'checkpoint'])
})

test('a collection that is dropped while it is streamed ends the read with CURSOR_EXPIRED', async () => {
  await using database = await openMongodbDatabase('things')
  const stop = new AbortController()
  await using indexer = await database.open({ source }, { until: 'abort', signal: stop.signal })
  const reading = async (): Promise<void> => {
    for await (const change of checkedChanges(indexer, {})) {
      if (change.kind === 'checkpoint') await database.collection('things').drop()
    }
  }
  await expect(reading()).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
    message: `Source source: ${database.name}.things was dropped or renamed.`,
  })
})

test('a token that the server no longer knows, or never gave, costs a new read', async () => {
  await using database = await openMongodbDatabase('things')
  const { cursor } = await database.read('things')
  const lost = 'CURSOR_EXPIRED Source source: the server no longer has the changes after the last one read.'
  expect(await failureOf(database, withToken(cursor, { _data: '0000000100000001' }))).toBe(lost)
  expect(await failureOf(database, withToken(cursor, { _data: 'bogus' }))).toBe(lost)
})

test('a connection that breaks in mid-stream is made again, and nothing is missed', async () => {
  await using database = await openMongodbDatabase('things')
  await using proxy = await openTcpProxy(serverUrl('mongodb'))
  const url = new URL(proxy.url)
  url.pathname = `/${database.name}`
  const stop = new AbortController()
  await using indexer = await database.open({ source }, { until: 'abort', signal: stop.signal }, url.href)
  const changes: Change[] = []
  const reading = (async (): Promise<void> => {
    for await (const change of checkedChanges(indexer, {})) changes.push(change)
  })()
  await expect.poll(() => changes.length).toBe(1)
  for (const n of [1, 2, 3]) {
    proxy.breakNext()
    await database.collection('things').insertOne({ _id: `key ${String(n)}` })
    await sleep(100)
  }
  await expect
    .poll(() => new Set(told(changes)), { timeout: 5000 })
    .toEqual(new Set(['checkpoint', 'put key 1', 'put key 2', 'put key 3']))
  stop.abort()
  await reading
})

test('a server that stays away ends the read, and the next one goes on', async () => {
  await using database = await openMongodbDatabase('things')
  await using proxy = await openTcpProxy(serverUrl('mongodb'))
  const url = new URL(proxy.url)
  url.pathname = `/${database.name}`
  url.searchParams.set('serverSelectionTimeoutMS', '1000')
  await using indexer = await database.open({ source }, { until: 'abort' }, url.href)
  let cursor: Json = null
  const reading = async (): Promise<void> => {
    for await (const change of checkedChanges(indexer, {})) {
      if (change.kind !== 'checkpoint') continue
      cursor = change.cursor
      proxy.cut()
    }
  }
  const startedAt = Date.now()
  await expect(reading()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  expect(Date.now() - startedAt).toBeLessThan(5000)
  await database.collection('things').insertOne({ _id: 'a' })
  expect(told((await database.read('things', cursor)).changes)).toEqual(['put a', 'checkpoint'])
}, 20_000)

test('a document whose key is too long is set aside, and the others follow', async () => {
  await using database = await openMongodbDatabase('things')
  const things = database.collection('things')
  const long = 'x'.repeat(2001)
  await things.insertMany([{ _id: long }, { _id: 'a' }])
  const first = await database.read('things')
  expect(first.changes.filter(isReject)).toHaveLength(1)
  expect(Object.keys(first.rows)).toEqual(['a'])
  await things.updateOne({ _id: long }, { $set: { n: 1 } })
  await things.insertOne({ _id: 'b' })
  const next = await database.read('things', first.cursor)
  expect(next.changes.filter(isReject)).toHaveLength(1)
  expect(Object.keys(next.rows)).toEqual(['b'])
})

test('a document that was changed, and long after deleted, is one delete', async () => {
  await using database = await openMongodbDatabase('things')
  const things = database.collection('things')
  await things.insertOne({ _id: 'a', n: 0 })
  const { cursor } = await database.read('things')
  await things.updateOne({ _id: 'a' }, { $set: { n: 1 } })
  await things.insertMany(Array.from({ length: 1100 }, (_, n) => ({ _id: `key ${String(n)}` })))
  await things.deleteOne({ _id: 'a' })
  const { changes } = await database.read('things', cursor)
  expect(told(changes).filter((one) => one.endsWith(' a'))).toEqual(['delete a'])
  expect(told(changes).slice(-2)).toEqual(['delete a', 'checkpoint'])
})
