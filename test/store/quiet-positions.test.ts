import { setTimeout as sleep } from 'node:timers/promises'
import { Timestamp } from 'mongodb'
import { expect, test } from 'vitest'
import { offsetOrder } from '../../indexers/kafka/positions.ts'
import { clusterTime, clusterTimeOrder, positionText } from '../../indexers/mongodb/positions.ts'
import { gtidOrder } from '../../indexers/mysql/positions.ts'
import { lsnOrder } from '../../indexers/postgres/positions.ts'
import type { Indexer } from '../../src/core/indexer.ts'
import type { PositionOrder } from '../../src/core/position-order.ts'
import { openTestTopic } from '../kit/kafka-source.ts'
import { openMongodbDatabase } from '../kit/mongodb-source.ts'
import { openMysqlDatabase } from '../kit/mysql-source.ts'
import { openSourceDatabase } from '../kit/postgres-source.ts'

interface Reached {
  /** Whether it was no position, or the source stood there before. */
  readonly wrong: boolean
  readonly tookMs: number
}

/** Follows a source, lets something happen, mostly elsewhere, and answers how long it took to stand there. */
async function reach(
  open: (signal: AbortSignal) => Promise<Indexer>,
  order: PositionOrder,
  elsewhere: () => Promise<string>,
): Promise<Reached> {
  const stop = new AbortController()
  await using indexer = await open(stop.signal)
  let wanted: string | undefined
  let wrong = false
  let askedMs = performance.now()
  for await (const change of indexer.changes({})) {
    if (change.kind !== 'checkpoint' || change.partial === true) continue
    if (wanted === undefined) {
      wanted = await elsewhere()
      wrong = !order.isPosition(wanted) || order.covers(change.position, wanted) !== false
      askedMs = performance.now()
    } else if (order.covers(change.position, wanted) === true) {
      stop.abort()
      return { wrong, tookMs: performance.now() - askedMs }
    }
    if (performance.now() - askedMs > 20_000) throw new Error(`it stands at ${change.position}, not at ${wanted}`)
  }
  throw new Error('the read ended')
}

/** Below what a search waits unless told otherwise. */
const soon = 10_000

test('a table of Postgres in which nothing happens reaches a commit of another one', async () => {
  await using database = await openSourceDatabase(
    'create table item (id int primary key); insert into item values (1); create table other (id int)',
  )
  const { wrong, tookMs } = await reach(
    (signal) => database.open({ source: { table: 'item', mode: 'stream' } }, { until: 'abort', signal }),
    lsnOrder,
    async () => {
      await database.run('insert into other values (1)')
      const [row] = await database.run('select pg_current_wal_lsn()::text as lsn')
      return String(row?.['lsn'])
    },
  )
  expect(wrong).toBe(false)
  expect(tookMs).toBeLessThan(soon)
})

test('a table of MariaDB in which nothing happens reaches a commit of another one', async () => {
  await using database = await openMysqlDatabase(
    'create table item (id int primary key); insert into item values (1); create table other (id int)',
  )
  const { wrong, tookMs } = await reach(
    (signal) => database.open({ source: { table: 'item' } }, { until: 'abort', signal }),
    gtidOrder,
    async () => {
      await database.run('insert into other values (1)')
      const [row] = (await database.run('select @@last_gtid as gtid')) as readonly (readonly unknown[])[]
      return String(Object.values(row ?? {})[0])
    },
  )
  expect(wrong).toBe(false)
  expect(tookMs).toBeLessThan(soon)
})

test('a collection of MongoDB in which nothing happens reaches a write of another one', async () => {
  await using database = await openMongodbDatabase('things', 'others')
  await database.collection('things').insertOne({ _id: 'a' })
  const { wrong, tookMs } = await reach(
    (signal) => database.open({ source: { collection: 'things' } }, { until: 'abort', signal }),
    clusterTimeOrder,
    async () => {
      const session = database.client.startSession()
      await sleep(1100)
      await database.collection('others').insertOne({ _id: 'b' }, { session })
      const time = session.operationTime ?? new Timestamp(0n)
      await session.endSession()
      return positionText(clusterTime(time))
    },
  )
  expect(wrong).toBe(false)
  expect(tookMs).toBeLessThan(soon)
})

test('a document that changed is handed over before its cluster time is reached', async () => {
  await using database = await openMongodbDatabase('things')
  const things = database.collection('things')
  await things.insertOne({ _id: 'a' })
  const stop = new AbortController()
  await using indexer = await database.open(
    { source: { collection: 'things' } },
    { until: 'abort', signal: stop.signal },
  )
  const seen = new Set<string>()
  const missed: number[] = []
  let written = 0
  let wanted = '0:0'
  for await (const change of indexer.changes({})) {
    if (change.kind === 'put') seen.add(change.key)
    if (change.kind !== 'checkpoint' || change.partial === true || !clusterTimeOrder.covers(change.position, wanted))
      continue
    if (written > 0 && !seen.has(`k${String(written)}`)) missed.push(written)
    if (written === 5) break
    const session = database.client.startSession()
    await things.insertOne({ _id: `k${String(++written)}` }, { session })
    wanted = positionText(clusterTime(session.operationTime ?? new Timestamp(0n)))
    await session.endSession()
  }
  stop.abort()
  expect(missed).toEqual([])
  expect(written).toBe(5)
})

test('a topic stands at a message once that has been handed over', async () => {
  await using topic = await openTestTopic({ partitions: 2 })
  await topic.write({ key: 'a', value: { n: 1 }, partition: 0 })
  const { wrong, tookMs } = await reach(
    (signal) => topic.open({}, { until: 'abort', signal }),
    offsetOrder,
    async () => {
      await topic.write({ key: 'b', value: { n: 1 }, partition: 1 })
      return '1:0'
    },
  )
  expect(wrong).toBe(false)
  expect(tookMs).toBeLessThan(soon)
})

test('a topic in which nothing happens says that it is up to date, however seldom it is to be looked at', async () => {
  await using topic = await openTestTopic()
  const stop = new AbortController()
  await using indexer = await topic.open({}, { until: 'abort', signal: stop.signal, everyMs: 3_600_000 })
  const times: string[] = []
  for await (const change of indexer.changes({})) {
    if (change.kind === 'checkpoint' && change.partial !== true) times.push(change.asOf)
    if (times.length === 2) break
  }
  stop.abort()
  expect(Date.parse(times[1] ?? '') - Date.parse(times[0] ?? '')).toBeLessThan(soon)
})
