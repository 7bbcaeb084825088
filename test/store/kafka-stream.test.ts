import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer } from '@platformatic/kafka'
import { expect, test } from 'vitest'
import { collect, cursorsOf, putsOf } from '../kit/indexer-reading.ts'
import { brief, follow } from '../kit/follow.ts'
import { createTopic, openProducer, openTestTopic, openTopics, removeTopic, toMessage } from '../kit/kafka-source.ts'
import type { TestTopic } from '../kit/kafka-source.ts'
import { withAdmin } from '../kit/kafka-topics.ts'
import { testName } from '../kit/test-name.ts'

test('each partition keeps its order, and positions say the last message of each', async () => {
  await using topic = await openTestTopic({ partitions: 2 })
  await topic.write(
    { key: 'a', value: { n: 1 }, partition: 0 },
    { key: 'b', value: { n: 1 }, partition: 1 },
    { key: 'a', value: { n: 2 }, partition: 0 },
    { key: 'a', value: null, partition: 0 },
  )
  const { changes, cursor } = await topic.read()
  const of = (partition: string) => changes.filter(({ position }) => position.startsWith(partition)).slice(0, 3)
  expect(of('0:').map((change) => `${brief(change)} at ${change.position}`)).toEqual([
    'put a at 0:0',
    'put a at 0:1',
    'delete a at 0:2',
  ])
  expect(changes.at(-1)).toMatchObject({ kind: 'checkpoint', position: '0:2,1:0' })
  expect(cursor).toEqual({
    version: 1,
    topic: expect.stringMatching(/^[0-9a-f-]{36}$/),
    format: 'json',
    partitions: { '0': { next: '3', epoch: 0 }, '1': { next: '1', epoch: 0 } },
    since: expect.stringMatching(/^\d{4}-.*Z$/),
  })
})

test('a message that cannot be processed is set aside under its place, and the next one follows', async () => {
  await using topic = await openTestTopic()
  await topic.write({ value: { n: 1 } }, { key: 'a', value: 'no json' })
  await topic.write({ key: 'b', value: { n: 2 }, timestamp: 1_700_000_000_000 })
  const { changes } = await topic.read()
  expect(changes.slice(0, 3)).toMatchObject([
    {
      kind: 'reject',
      key: `${topic.name}-0@0`,
      position: '0:0',
      code: 'RECORD_INVALID',
      message: 'Source source: the message has no key.',
    },
    {
      kind: 'reject',
      key: `${topic.name}-0@1`,
      message: 'Source source: the value is no JSON that can be held as it is.',
    },
    {
      kind: 'put',
      key: 'b',
      position: '0:2',
      modifiedAt: '2023-11-14T22:13:20.000Z',
      content: { kind: 'row', row: { n: 2 }, sparse: true },
    },
  ])
})

test('a message that cannot be processed leaves the key as it was', async () => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: { n: 1 } }, { key: 'a', value: '{' })
  await using indexer = await topic.open()
  const [put] = putsOf(await collect(indexer.changes({})), 'source')
  expect(await collect(indexer.keys('source', {}, 'digests'))).toEqual([{ key: 'a', digest: put?.digest }])
})

test('a digest is of what is held, however it was written', async () => {
  await using topic = await openTestTopic()
  await topic.write(
    { key: 'a', value: '{"n":1.0}' },
    { key: 'a', value: '{ "n" : 1 }' },
    { key: 'a', value: '{"n":2}' },
  )
  const [first, second, third] = (await topic.read()).puts.map(({ digest }) => digest)
  expect(second).toBe(first)
  expect(third).not.toBe(first)
})

test.for(['gzip', 'snappy', 'lz4', 'zstd'] as const)('messages compressed with %s are read', async (compression) => {
  await using topic = await openTestTopic({ compression })
  const text = 'the same again and again '.repeat(100)
  await topic.write(...['a', 'b', 'c'].map((key) => ({ key, value: { text } })))
  const first = await topic.read()
  expect(first.rows).toEqual({ a: { text }, b: { text }, c: { text } })
  await topic.write({ key: 'd', value: { text } })
  expect(Object.keys((await topic.read(first.cursor)).rows)).toEqual(['d'])
})

test('a long read saves its place every thousand messages, and goes on from it', async () => {
  await using topic = await openTestTopic({ partitions: 2 })
  const keys = Array.from({ length: 2500 }, (_, n) => `key ${n}`)
  for (let start = 0; start < keys.length; start += 500) {
    await topic.write(...keys.slice(start, start + 500).map((key) => ({ key, value: { key } })))
  }
  const { changes } = await topic.read()
  expect(changes.flatMap((change, at) => (change.kind === 'checkpoint' ? [[at, change.partial]] : []))).toEqual([
    [1000, true],
    [2001, true],
    [2502, undefined],
  ])
  const killed = changes.slice(0, 1500)
  const rest = (await topic.read(cursorsOf(killed)['source'])).puts.map(({ key }) => key)
  expect(rest).toHaveLength(1500)
  const all = [...putsOf(killed.slice(0, 1000), 'source').map(({ key }) => key), ...rest]
  expect(all.toSorted()).toEqual(keys.toSorted())
})

test('memory holds some answers, not the topic', async () => {
  await using topic = await openTestTopic({ partitions: 4 })
  const text = 'x'.repeat(900_000)
  for (let n = 0; n < 160; n += 1) await topic.write({ key: `${n}`, value: { text }, partition: n % 4 })
  await using indexer = await topic.open()
  const { external: before } = process.memoryUsage()
  let most = 0
  let count = 0
  for await (const change of indexer.changes({})) {
    if (change.kind !== 'put') continue
    count += 1
    await sleep(1)
    most = Math.max(most, process.memoryUsage().external - before)
  }
  expect(count).toBe(160)
  expect(most).toBeLessThan(80_000_000)
})

test('a stream takes up partitions that are added', async () => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: {} })
  const stop = new AbortController()
  await using indexer = await topic.open({}, { until: 'abort', signal: stop.signal })
  const following = follow(indexer, stop)
  await expect.poll(following.seen).toEqual(['put a'])
  await addPartition(topic)
  await writeTo(topic, 1, 'b')
  await expect.poll(following.seen, { timeout: 15_000 }).toEqual(['put a', 'put b'])
  await following.stop()
  expect(following.changes.filter(({ kind }) => kind === 'put').map(({ position }) => position)).toEqual(['0:0', '1:0'])
  const last = cursorsOf(following.changes)['source']
  expect((await topic.read(last)).changes.map(brief)).toEqual(['checkpoint'])
})

test('a stream says how fresh it is while nothing happens, and not too often', async () => {
  await using topic = await openTestTopic()
  const stop = new AbortController()
  await using indexer = await topic.open({}, { until: 'abort', signal: stop.signal, everyMs: 100 })
  const following = follow(indexer, stop)
  await sleep(2500)
  await following.stop()
  const times = following.changes.flatMap((change) => (change.kind === 'checkpoint' ? [Date.parse(change.asOf)] : []))
  expect(times.length).toBeGreaterThanOrEqual(3)
  expect(times.length).toBeLessThanOrEqual(8)
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1000)
})

test('sources of one connection are read side by side', async () => {
  await using topic = await openTestTopic()
  const other = testName('-')
  await createTopic(topic.url, other, {})
  const stop = new AbortController()
  const sources = { source: { topic: topic.name }, empty: { topic: other } }
  await using indexer = await openTopics({ brokers: [new URL(topic.url).host] }, sources, {
    until: 'abort',
    signal: stop.signal,
  })
  const following = follow(indexer, stop)
  await expect.poll(() => Object.keys(cursorsOf(following.changes)).toSorted()).toEqual(['empty', 'source'])
  await topic.write({ key: 'a', value: {} })
  await expect.poll(following.seen, { timeout: 2000 }).toEqual(['put a'])
  await following.stop()
  await removeTopic(topic.url, other)
})

test('two sources of one topic each read all of it, wherever the other stands', async () => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: {} }, { key: 'b', value: {} })
  const { cursor } = await topic.read()
  await topic.write({ key: 'c', value: {} })
  const sources = { other: { topic: topic.name }, source: { topic: topic.name } }
  await using indexer = await openTopics({ brokers: [new URL(topic.url).host] }, sources)
  const changes = await collect(indexer.changes({ source: cursor }))
  expect(putsOf(changes, 'source').map(({ key }) => key)).toEqual(['c'])
  expect(putsOf(changes, 'other').map(({ key }) => key)).toEqual(['a', 'b', 'c'])
})

test('offsets are noted in the group once they are committed, and nowhere without a group', async () => {
  await using topic = await openTestTopic({ partitions: 2 })
  await topic.write(
    { key: 'a', value: {}, partition: 0 },
    { key: 'b', value: {}, partition: 1 },
    { key: 'c', value: {}, partition: 1 },
  )
  const group = `${topic.name}-group`
  const noted = async (): Promise<unknown> => {
    const groups = [{ groupId: group, topics: [{ name: topic.name, partitionIndexes: [0, 1] }] }]
    const [found] = await withAdmin(topic.url, (admin) => admin.listConsumerGroupOffsets({ groups }))
    return found?.topics[0]?.partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset])
  }
  await using indexer = await topic.open({ group })
  const cursors = cursorsOf(await collect(indexer.changes({})))
  const note = async (): Promise<unknown> => {
    // The first group of a new cluster makes the brokers set up where they keep groups.
    await indexer.committed?.(cursors)
    return noted()
  }
  const expected = [
    [0, 1n],
    [1, 2n],
  ]
  await expect.poll(note, { timeout: 20_000 }).toEqual(expected)
  await topic.write({ key: 'd', value: {}, partition: 0 })
  await using alone = await topic.open()
  await alone.committed?.(cursorsOf(await collect(alone.changes(cursors))))
  expect(await noted()).toEqual(expected)
})

test('a group that others consume with is refused', async () => {
  await using topic = await openTestTopic()
  const group = `${topic.name}-group`
  const member = new Consumer({ clientId: 'aquifer-test', groupId: group, bootstrapBrokers: [new URL(topic.url).host] })
  const stream = await member.consume({ topics: [topic.name], mode: 'latest' })
  await using indexer = await topic.open({ group })
  const cursors = cursorsOf(await collect(indexer.changes({})))
  await expect(indexer.committed?.(cursors)).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    message: `Source source: the group ${group} has consumers of its own`,
  })
  await stream.close()
  await member.close()
})

test('keys of partitions that are added are listed, by a connection that is open already', async () => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: {} })
  await using indexer = await topic.open()
  expect(await collect(indexer.keys('source', {}, 'keys'))).toEqual([{ key: 'a' }])
  await addPartition(topic)
  await writeTo(topic, 1, 'b')
  await topic.write({ key: 'a', value: null, partition: 0 })
  expect(await collect(indexer.keys('source', {}, 'keys'))).toEqual([{ key: 'b' }])
})

test('of a key that moved to another partition, the later message counts', async () => {
  await using topic = await openTestTopic({ partitions: 2 })
  for (const [partition, timestamp] of [
    [0, 2000],
    [1, 1000],
  ] as const) {
    await topic.write({ key: 'moved', value: { timestamp }, partition, timestamp })
    await topic.write({ key: 'gone', value: timestamp === 2000 ? null : {}, partition, timestamp })
  }
  const { puts } = await topic.read()
  const later = puts.find(({ position }) => position === '0:0')
  await using indexer = await topic.open()
  expect(await collect(indexer.keys('source', {}, 'digests'))).toEqual([{ key: 'moved', digest: later?.digest }])
})

test('a list of keys that is left in the middle does not hinder the next', async () => {
  await using topic = await openTestTopic()
  await topic.write({ key: 'a', value: {} }, { key: 'b', value: {} })
  await using indexer = await topic.open({ expires: 'delete' })
  const left = indexer.keys('source', {}, 'keys')[Symbol.asyncIterator]()
  expect((await left.next()).value).toEqual({ key: 'a' })
  expect(await collect(indexer.keys('source', {}, 'keys'))).toEqual([{ key: 'a' }, { key: 'b' }])
  expect((await left.next()).value).toEqual({ key: 'b' })
})

async function addPartition({ url, name }: TestTopic): Promise<void> {
  const topics = [{ name, count: 2, assignments: [{ brokerIds: [1] }] }]
  await withAdmin(url, (admin) => admin.createPartitions({ topics }))
}

/** By a producer that knows of all partitions there are now. */
async function writeTo({ url, name }: TestTopic, partition: number, key: string): Promise<void> {
  const producer = openProducer(url)
  await producer.send({ messages: [toMessage(name, { key, value: {}, partition })] })
  await producer.close()
}
