import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { collect, readChanges } from '../kit/indexer-reading.ts'
import { createTopic, openTestTopic, removeTopic } from '../kit/kafka-source.ts'
import type { TestTopic } from '../kit/kafka-source.ts'
import { withAdmin } from '../kit/kafka-topics.ts'

const row = (name: string, text = name) => ({ key: name, value: { text } })

/** Removes everything before an offset, as retention does. */
async function forgetBefore({ url, name }: TestTopic, offset: bigint): Promise<void> {
  const partitions = [{ partition: 0, offset }]
  await withAdmin(url, (admin) => admin.deleteRecords({ topics: [{ name, partitions }] }))
}

async function keysOf(topic: TestTopic, source = {}): Promise<readonly string[]> {
  await using indexer = await topic.open(source)
  return (await collect(indexer.keys('source', {}, 'keys'))).map(({ key }) => key)
}

const later = (ms: number) => ({ clock: { ...systemClock, now: () => Date.now() + ms } })

const expired = (why: string) => ({ code: 'CURSOR_EXPIRED', message: `Source source: ${why}.` })

test('a position before the oldest message has expired, one at it has not', async () => {
  await using topic = await openTestTopic()
  await topic.write(row('a'))
  const { cursor: atOne } = await topic.read()
  await topic.write(row('b'))
  const { cursor: atTwo } = await topic.read(atOne)
  await topic.write(row('c'))
  await forgetBefore(topic, 2n)
  await using indexer = await topic.open()
  await expect(collect(indexer.changes({ source: atOne }))).rejects.toMatchObject(
    expired(`topic ${topic.name} no longer has what came after the cursor`),
  )
  expect(Object.keys((await topic.read(atTwo)).rows)).toEqual(['c'])
  expect((await readChanges(indexer, { source: atOne })).map(({ kind }) => kind)).toEqual(['put', 'checkpoint'])
})

test('a topic that lost messages lists no keys, unless records are to go with their messages', async () => {
  await using topic = await openTestTopic()
  await topic.write(row('a'), row('b'), row('c'))
  expect(await keysOf(topic)).toEqual(['a', 'b', 'c'])
  await using early = await topic.open({ expires: 'delete' })
  expect(await collect(early.keys('source', {}, 'keys'))).toEqual([{ key: 'a' }, { key: 'b' }, { key: 'c' }])
  await forgetBefore(topic, 1n)
  await expect(keysOf(topic)).rejects.toMatchObject({
    code: 'SOURCE_KEYS_UNKNOWN',
    message: `Source source: topic ${topic.name} no longer has all its messages, so it can't tell which records are there`,
  })
  expect(await keysOf(topic, { expires: 'delete' })).toEqual(['b', 'c'])
  expect(await collect(early.keys('source', {}, 'keys'))).toEqual([{ key: 'b' }, { key: 'c' }])
})

test('a topic that was deleted and made again under its name is another one', async () => {
  await using topic = await openTestTopic()
  await topic.write(row('old'))
  const { cursor } = await topic.read()
  await removeTopic(topic.url, topic.name)
  await expect
    .poll(() =>
      createTopic(topic.url, topic.name, {}).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
  await topic.write(row('new'))
  await using indexer = await topic.open()
  await expect(collect(indexer.changes({ source: cursor }))).rejects.toMatchObject(
    expired(`topic ${topic.name} was deleted and made again`),
  )
})

test('a topic that is made again while it is read ends the read', async () => {
  await using topic = await openTestTopic()
  await topic.write(row('old'))
  const stop = new AbortController()
  await using indexer = await topic.open({}, { until: 'abort', signal: stop.signal })
  const reading = (async () => {
    for await (const change of indexer.changes({})) {
      if (change.kind !== 'checkpoint') continue
      await removeTopic(topic.url, topic.name)
      await expect
        .poll(() =>
          createTopic(topic.url, topic.name, {}).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true)
    }
  })()
  await expect(reading).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
})

test('a compacted topic whose deletions may have come and gone since the last read is read anew', async () => {
  await using topic = await openTestTopic({
    configs: { 'cleanup.policy': 'compact', 'delete.retention.ms': '60000' },
  })
  await topic.write(row('a'))
  const { cursor } = await topic.read()
  await using soon = await topic.open({}, later(50_000))
  expect((await collect(soon.changes({ source: cursor }))).map(({ kind }) => kind)).toEqual(['checkpoint'])
  await using late = await topic.open({}, later(70_000))
  await expect(collect(late.changes({ source: cursor }))).rejects.toMatchObject(
    expired(`the last read is longer ago than delete.retention.ms of topic ${topic.name} keeps deletions`),
  )
  expect((await collect(late.changes({}))).map(({ kind }) => kind)).toEqual(['put', 'checkpoint'])
})

test('a topic that is not compacted keeps its deletions as long as its messages', async () => {
  await using topic = await openTestTopic({ configs: { 'delete.retention.ms': '1' } })
  await topic.write(row('a'))
  const { cursor } = await topic.read()
  await sleep(10)
  expect((await topic.read(cursor)).changes.map(({ kind }) => kind)).toEqual(['checkpoint'])
})

test('a position after a message of a leader that the log does not know has expired', async () => {
  await using topic = await openTestTopic()
  await topic.write(row('a'))
  const { cursor } = await topic.read()
  const other = JSON.parse(JSON.stringify(cursor).replace('"epoch":0', '"epoch":5'))
  await using indexer = await topic.open()
  await expect(collect(indexer.changes({ source: other }))).rejects.toMatchObject(
    expired(`topic ${topic.name} no longer has what came after the cursor`),
  )
})

test('a position that was made for another format has expired', async () => {
  await using topic = await openTestTopic()
  const { cursor } = await topic.read()
  await using indexer = await topic.open({ format: 'debezium' })
  await expect(collect(indexer.changes({ source: cursor }))).rejects.toMatchObject(
    expired('its messages are read as another format'),
  )
})

test('messages that were compacted away are no gap to wait for', async () => {
  await using topic = await openTestTopic({
    configs: {
      'cleanup.policy': 'compact',
      'segment.ms': '50',
      'min.cleanable.dirty.ratio': '0.001',
      'delete.retention.ms': '0',
    },
  })
  for (let round = 0; round < 3; round += 1) {
    await topic.write(row('kept', `${round}`), row('gone'))
    await sleep(100)
  }
  await topic.write({ key: 'gone', value: null })
  const { cursor } = await topic.read()
  // The cleaner leaves the newest segment alone, so that each look needs a new one.
  await expect
    .poll(
      async () => {
        await topic.write({ key: 'gone', value: null })
        return (await topic.read()).puts.map(({ key, position }) => `${key} at ${position}`)
      },
      { timeout: 30_000, interval: 300 },
    )
    .toEqual(['kept at 0:4'])
  expect(await keysOf(topic)).toEqual(['kept'])
  await using indexer = await topic.open()
  await expect(collect(indexer.changes({ source: cursor }))).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
})
