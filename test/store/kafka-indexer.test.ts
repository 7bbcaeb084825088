import { setTimeout as sleep } from 'node:timers/promises'
import kafka from '../../indexers/kafka/index.ts'
import type { Json } from '../../schemas/record.ts'
import { describeIndexerContract } from '../kit/indexer-contract.ts'
import type { IndexerFixture } from '../kit/indexer-reading.ts'
import { createTopic, openProducer, openTopics, removeTopic, toMessage } from '../kit/kafka-source.ts'
import type { TopicOptions } from '../kit/kafka-source.ts'
import { serverUrl } from '../kit/server-url.ts'
import { testName } from '../kit/test-name.ts'

interface Shape {
  readonly topic: TopicOptions
  readonly format: 'json' | 'debezium'
  readonly key: (name: string) => string
  readonly put: (name: string, text: string) => Json
  /** What says that a record is gone, before its tombstone. */
  readonly remove?: (name: string) => Json
}

function makeFixture({ topic, format, key, put, remove }: Shape): () => Promise<IndexerFixture> {
  return async () => {
    const url = serverUrl('kafka')
    const names = ['first', 'second'] as const
    const topics = { first: testName('-'), second: testName('-') }
    for (const name of names) await createTopic(url, topics[name], topic)
    const producer = openProducer(url)
    const topicOf = (source: string): string => (source === 'first' ? topics.first : topics.second)
    const send = async (source: string, name: string, ...values: readonly Json[]): Promise<void> => {
      await producer.send({ messages: values.map((value) => toMessage(topicOf(source), { key: key(name), value })) })
    }
    return {
      sources: names,
      deletes: kafka.deletes,
      open: (options) =>
        openTopics(
          { brokers: [new URL(url).host] },
          Object.fromEntries(names.map((name) => [name, { topic: topics[name], format }])),
          options,
        ),
      async put(source, name, text) {
        await send(source, name, put(name, text))
        return name
      },
      remove: (source, name) => send(source, name, remove === undefined ? null : remove(name)),
      settle: () => sleep(1),
      async [Symbol.asyncDispose]() {
        await producer.close(true)
        for (const name of names) await removeTopic(url, topics[name])
      },
    }
  }
}

describeIndexerContract(
  'a compacted Kafka topic',
  makeFixture({
    topic: { partitions: 3, configs: { 'cleanup.policy': 'compact' } },
    format: 'json',
    key: (name) => name,
    put: (name, body) => ({ name, body }),
  }),
)

describeIndexerContract(
  'a topic of Debezium that still has all its messages',
  makeFixture({
    topic: { partitions: 2 },
    format: 'debezium',
    key: (name) => JSON.stringify({ schema: {}, payload: { name } }),
    put: (name, body) => ({ schema: {}, payload: { op: 'u', before: null, after: { name, body } } }),
    remove: (name) => ({ op: 'd', before: { name }, after: null }),
  }),
)
