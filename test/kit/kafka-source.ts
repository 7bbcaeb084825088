import { Producer, stringSerializers } from '@platformatic/kafka'
import type { CompressionAlgorithmValue } from '@platformatic/kafka'
import { KafkaConnection, KafkaSource } from '../../indexers/kafka/config.ts'
import kafka from '../../indexers/kafka/index.ts'
import type { Json } from '../../schemas/record.ts'
import type { Indexer } from '../../src/core/indexer.ts'
import { readChanges, readOptions } from './indexer-reading.ts'
import type { ReadOptions } from './indexer-reading.ts'
import { withAdmin } from './kafka-topics.ts'
import { toReading } from './postgres-source.ts'
import type { Reading, SourceInput } from './postgres-source.ts'
import { serverUrl } from './server-url.ts'
import { testName } from './test-name.ts'
import { until } from './until.ts'

/** A message to write: `value` null is a tombstone, other values are written as JSON, text as it is. */
export interface TestMessage {
  readonly key?: string
  readonly value: Json
  readonly partition?: number
  readonly timestamp?: number
}

/** A topic of this test alone, which is removed with it. */
export interface TestTopic extends AsyncDisposable {
  readonly url: string
  readonly name: string
  write(...messages: readonly TestMessage[]): Promise<void>
  open(source?: SourceInput, options?: Partial<ReadOptions>, connection?: SourceInput): Promise<Indexer>
  /** Opens, reads once and closes; the source is named `source`. */
  read(cursor?: Json, source?: SourceInput): Promise<Reading>
}

export interface TopicOptions {
  readonly partitions?: number
  readonly configs?: Readonly<Record<string, string>>
  readonly compression?: CompressionAlgorithmValue
}

export async function openTestTopic(options: TopicOptions = {}): Promise<TestTopic> {
  const url = serverUrl('kafka')
  const name = testName('-')
  await createTopic(url, name, options)
  const producer = openProducer(url, options.compression)
  const topic: TestTopic = {
    url,
    name,
    write: async (...messages) => {
      await producer.send({ messages: messages.map((message) => toMessage(name, message)) })
    },
    open: (source = {}, read = {}, connection = {}) =>
      openTopics({ brokers: [new URL(url).host], ...connection }, { source: { topic: name, ...source } }, read),
    async read(cursor, source) {
      await using indexer = await topic.open(source)
      return toReading(await readChanges(indexer, cursor === undefined ? {} : { source: cursor }))
    },
    async [Symbol.asyncDispose]() {
      await producer.close(true)
      await removeTopic(url, name)
    },
  }
  return topic
}

export function openTopics(
  connection: SourceInput,
  sources: Readonly<Record<string, SourceInput>>,
  options: Partial<ReadOptions> = {},
): Promise<Indexer> {
  const parsed = Object.entries(sources).map(([name, source]) => [name, KafkaSource.parse(source)] as const)
  return kafka.open(revealed(connection), { ...readOptions(options), sources: Object.fromEntries(parsed) })
}

/** As the configuration hands it over: parsed with references, then with the secrets in their place. */
function revealed({ sasl, tls, ...rest }: SourceInput): KafkaConnection {
  const secret = { ...(sasl === undefined ? {} : { sasl }), ...(tls === undefined ? {} : { tls }) }
  // Secrets are text by now, which the schema of the file refuses.
  return { ...KafkaConnection.parse(rest), ...secret } as KafkaConnection
}

export async function createTopic(
  url: string,
  name: string,
  { partitions = 1, configs = {} }: TopicOptions,
): Promise<void> {
  const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
  await withAdmin(url, async (admin) => {
    await admin.createTopics({ topics: [name], partitions, replicas: 1, configs: entries })
    // The controller has it before the broker tells of it.
    await until(async () => (await admin.listTopics()).includes(name))
  })
}

export async function removeTopic(url: string, name: string): Promise<void> {
  await withAdmin(url, (admin) => admin.deleteTopics({ topics: [name] })).catch(() => {})
}

export type TestProducer = Producer<string, string, string, string>

export function openProducer(
  url: string,
  compression?: CompressionAlgorithmValue,
  transactionalId?: string,
): TestProducer {
  return new Producer({
    clientId: 'aquifer-test',
    bootstrapBrokers: [new URL(url).host],
    serializers: stringSerializers,
    // What is sent again, since a new topic has no leader yet, must not be there twice.
    idempotent: true,
    ...(compression === undefined ? {} : { compression }),
    ...(transactionalId === undefined ? {} : { transactionalId }),
  })
}

export interface ProducedMessage {
  topic: string
  key?: string
  value: string
  partition?: number
  timestamp?: bigint
}

export function toMessage(topic: string, { key, value, partition, timestamp }: TestMessage): ProducedMessage {
  return {
    topic,
    ...(key === undefined ? {} : { key }),
    // The client writes what is absent as null, though its types want a value.
    ...(value === null
      ? ({} as { value: string })
      : { value: typeof value === 'string' ? value : JSON.stringify(value) }),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) }),
  }
}
