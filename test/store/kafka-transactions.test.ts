import { expect, test } from 'vitest'
import { openProducer, openTestTopic, toMessage } from '../kit/kafka-source.ts'
import type { TestMessage, TestProducer, TestTopic } from '../kit/kafka-source.ts'

type Transaction = Awaited<ReturnType<TestProducer['beginTransaction']>>

async function begin(
  producer: TestProducer,
  topic: TestTopic,
  ...messages: readonly TestMessage[]
): Promise<Transaction> {
  const transaction = await producer.beginTransaction()
  for (const message of messages) await transaction.send({ messages: [toMessage(topic.name, message)] })
  return transaction
}

async function openTransactional(
  name: string,
): Promise<{ topic: TestTopic; producer: TestProducer } & AsyncDisposable> {
  const topic = await openTestTopic()
  const producer = openProducer(topic.url, undefined, `${topic.name}-${name}`)
  return {
    topic,
    producer,
    [Symbol.asyncDispose]: async () => {
      await producer.close(true)
      await topic[Symbol.asyncDispose]()
    },
  }
}

const row = (name: string): TestMessage => ({ key: name, value: { name } })

test('what a transaction writes is seen once it is committed, what it aborts never', async () => {
  await using opened = await openTransactional('one')
  const { topic, producer } = opened
  await topic.write(row('before'))
  await (await begin(producer, topic, row('aborted'), { key: 'before', value: null })).abort()
  await (await begin(producer, topic, row('committed'))).commit()
  await topic.write(row('after'))
  const { changes, cursor } = await topic.read()
  expect(changes.map((change) => ('key' in change ? `${change.kind} ${change.key}` : change.kind))).toEqual([
    'put before',
    'put committed',
    'put after',
    'checkpoint',
  ])
  expect(changes.at(-1)).toMatchObject({ position: '0:6' })
  expect((await topic.read(cursor)).changes.map(({ kind }) => kind)).toEqual(['checkpoint'])
})

test('one producer may abort several times between two reads', async () => {
  await using opened = await openTransactional('often')
  const { topic, producer } = opened
  for (const round of ['1', '2', '3']) {
    await (await begin(producer, topic, row(`aborted ${round}`))).abort()
    await (await begin(producer, topic, row(`committed ${round}`))).commit()
  }
  expect(Object.keys((await topic.read()).rows)).toEqual(['committed 1', 'committed 2', 'committed 3'])
})

test('an aborted transaction that is longer than one answer is not seen', async () => {
  await using opened = await openTransactional('long')
  const { topic, producer } = opened
  const long = 'x'.repeat(700_000)
  const messages = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key, value: { long } }))
  await (await begin(producer, topic, ...messages)).abort()
  await (await begin(producer, topic, row('committed'))).commit()
  expect(Object.keys((await topic.read()).rows)).toEqual(['committed'])
})

test('a transaction that is still open holds back what follows it, and nothing of it is lost', async () => {
  await using opened = await openTransactional('open')
  const { topic, producer } = opened
  await topic.write(row('before'))
  const transaction = await begin(producer, topic, row('inside'))
  await topic.write(row('after'))
  const first = await topic.read()
  expect(Object.keys(first.rows)).toEqual(['before'])
  expect(first.changes.at(-1)).toMatchObject({ kind: 'checkpoint', position: '0:0' })
  await transaction.commit()
  const second = await topic.read(first.cursor)
  expect(Object.keys(second.rows)).toEqual(['inside', 'after'])
})

test('keys are those of committed transactions', async () => {
  await using opened = await openTransactional('keys')
  const { topic, producer } = opened
  await (await begin(producer, topic, row('aborted'))).abort()
  await (await begin(producer, topic, row('committed'))).commit()
  await using indexer = await topic.open()
  const keys: string[] = []
  for await (const { key } of indexer.keys('source', {}, 'keys')) keys.push(key)
  expect(keys).toEqual(['committed'])
})
