import { randomUUID } from 'node:crypto'
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import type { Random } from '../../kit/random.ts'
import { openTcpProxy, type TcpProxy } from '../../kit/tcp-proxy.ts'
import { testName } from '../../kit/test-name.ts'
import { mappingYaml, type Expected, type Item } from '../item.ts'
import { createPlan, type Operation, type Plan } from '../operations.ts'
import type { Kind } from './kind.ts'

interface Message {
  readonly topic: string
  readonly key: string
  /** null is a tombstone. */
  readonly value: string | null
}

interface Topic {
  readonly source: string
  readonly name: string
  readonly format: 'json' | 'debezium'
  readonly partitions: number
  readonly plan: Plan
  /** What was sent last, which may be sent once more. */
  last: readonly Message[]
}

/** A topic of JSON and one of Debezium's envelopes, both compacted, with several partitions. */
export async function openKafka(serverUrl: string, size: number): Promise<Kind> {
  const stack = new AsyncDisposableStack()
  const bootstrapBrokers = [new URL(serverUrl).host]
  const admin = new Admin({ clientId: 'aquifer-proof', bootstrapBrokers })
  stack.defer(() => admin.close())
  const base = testName('-')
  const topic = (source: string, format: Topic['format'], partitions: number): Topic => ({
    source,
    name: `${base}-${format}`,
    format,
    partitions,
    plan: createPlan(source, size),
    last: [],
  })
  const topics = [topic('kafka_json', 'json', 3), topic('kafka_debezium', 'debezium', 2)]
  for (const { name, partitions } of topics) {
    const configs = [{ name: 'cleanup.policy', value: 'compact,delete' }]
    await admin.createTopics({ topics: [name], partitions, replicas: 1, configs })
    stack.defer(() => admin.deleteTopics({ topics: [name] }))
  }
  const producer = new Producer({
    clientId: 'aquifer-proof',
    bootstrapBrokers,
    serializers: stringSerializers,
    idempotent: true,
  })
  stack.defer(() => producer.close(true))
  const link = await openLink(serverUrl)
  if (link !== undefined) stack.use(link)
  const send = async (messages: readonly Message[]): Promise<void> => {
    // The client writes what is absent as null, though its types want a value.
    const written = messages.map(({ topic: name, key, value }) => ({
      topic: name,
      key,
      ...(value === null ? ({} as { value: string }) : { value }),
    }))
    await producer.send({ messages: written })
  }
  return {
    name: 'kafka',
    sources: topics.map(({ source }) => source),
    yaml: {
      connections: `  kafka: { type: kafka, brokers: ['${link === undefined ? (bootstrapBrokers[0] ?? '') : new URL(link.url).host}'], requestTimeout: 5s }`,
      sources: topics
        .map(
          ({ source, name, format }) =>
            `  ${source}: { connection: kafka, topic: ${name}, format: ${format}, every: 300ms, ${mappingYaml}, vector: vector, expires: delete }`,
        )
        .join('\n'),
    },
    env: {},
    link,
    operate: async (random, count) => {
      const chosen = topics[random.int(0, topics.length - 1)]
      if (chosen === undefined) return 0
      const operations = chosen.plan.next(random, count)
      const messages = operations.flatMap((operation) => toMessages(chosen, operation))
      await send(repeat(random, messages))
      // A producer that starts again after its end says everything since its last note once more.
      if (random.int(1, 10) === 1) await send(chosen.last)
      chosen.last = messages
      if (random.int(1, 10) === 1) await send(messages)
      return operations.length
    },
    finish: async () => {},
    // What is there is said once more, and all that was said before is gone: what retention does behind a producer's back.
    loseLog: async () => {
      for (const each of topics) {
        const before = await endsOf(bootstrapBrokers, each)
        const held = await readTopic(bootstrapBrokers, each)
        await send(
          [...held].flatMap(([key, item]) => toMessages(each, { kind: 'put', key, item: toItem(item), isNew: true })),
        )
        const partitions = before.map((offset, partition) => ({ partition, offset }))
        await admin.deleteRecords({ topics: [{ name: each.name, partitions }] })
      }
    },
    put: async (source, key, item) => {
      const chosen = topics.find((each) => each.source === source)
      if (chosen !== undefined) await send(toMessages(chosen, { kind: 'put', key, item, isNew: false }))
    },
    read: async () => {
      const found = new Map<string, Map<string, Expected>>()
      for (const each of topics) found.set(each.source, await readTopic(bootstrapBrokers, each))
      return found
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** The brokers name one port where a network may stand that can be broken; undefined where somebody else has it. */
async function openLink(serverUrl: string): Promise<TcpProxy | undefined> {
  const { hostname, port } = new URL(serverUrl)
  return openTcpProxy(`kafka://${hostname}:${String(Number(port) + 3)}`, Number(port) + 4).catch(() => undefined)
}

/** Some messages come twice in a row, as a producer's retry writes them. */
function repeat(random: Random, messages: readonly Message[]): readonly Message[] {
  return messages.flatMap((message) => (random.int(1, 8) === 1 ? [message, message] : [message]))
}

function toMessages({ name, format }: Topic, operation: Operation): readonly Message[] {
  const key = (code: string): string => (format === 'json' ? code : JSON.stringify({ code }))
  const gone = (code: string): readonly Message[] => {
    const tombstone = { topic: name, key: key(code), value: null }
    return format === 'json'
      ? [tombstone]
      : [{ ...tombstone, value: JSON.stringify({ op: 'd', before: { code }, after: null }) }, tombstone]
  }
  const put = (code: string, item: Item): Message => {
    const { title, body, status, amount, readers, vector } = item
    const row = { code, title, body, status, amount, readers, vector: vector ?? null }
    const value = format === 'json' ? row : { op: 'u', before: null, after: row, source: { table: 'proof' } }
    return { topic: name, key: key(code), value: JSON.stringify(value) }
  }
  if (operation.kind === 'delete') return gone(operation.key)
  if (operation.kind === 'rename') return [...gone(operation.key), put(operation.to, operation.item)]
  return [put(operation.key, operation.item)]
}

interface Row {
  readonly title: string
  readonly body: string
  readonly status: string
  readonly amount: number
  readonly readers: readonly string[]
  readonly vector: readonly number[] | null
}

const offsets = async (
  consumer: Pick<Consumer, 'listOffsets'>,
  name: string,
  which: 'starts' | 'ends',
): Promise<readonly bigint[]> =>
  (await consumer.listOffsets({ topics: [name], ...(which === 'starts' ? { timestamp: -2n } : {}) })).get(name) ?? []

async function endsOf(bootstrapBrokers: string[], { name }: Topic): Promise<readonly bigint[]> {
  const consumer = new Consumer({ groupId: `proof-${randomUUID()}`, clientId: 'aquifer-proof', bootstrapBrokers })
  try {
    return await offsets(consumer, name, 'ends')
  } finally {
    await consumer.close(true)
  }
}

/** The last word on each key, read from the first message on. */
async function readTopic(bootstrapBrokers: string[], { name, format }: Topic): Promise<Map<string, Expected>> {
  const consumer = new Consumer({
    groupId: `proof-${randomUUID()}`,
    clientId: 'aquifer-proof',
    bootstrapBrokers,
    deserializers: stringDeserializers,
  })
  const found = new Map<string, Expected>()
  try {
    const [starts, ends] = [await offsets(consumer, name, 'starts'), await offsets(consumer, name, 'ends')]
    const left = new Map(
      ends.flatMap((end, partition) => (end > (starts[partition] ?? 0n) ? [[partition, end] as const] : [])),
    )
    if (left.size === 0) return found
    const stream = await consumer.consume({ topics: [name], mode: 'earliest', autocommit: false })
    for await (const { key, value, partition, offset } of stream) {
      const code = format === 'json' ? key : (JSON.parse(key) as { code: string }).code
      // What this proof wrote itself; the types do not tell of tombstones.
      const text = value as string | null | undefined
      const told =
        text === null || text === undefined || text === '' ? null : (JSON.parse(text) as Row & { after?: Row | null })
      const row = told === null ? null : format === 'json' ? told : (told.after ?? null)
      if (row === null) found.delete(code)
      else found.set(code, toExpected(row))
      if (offset + 1n >= (left.get(partition) ?? 0n)) left.delete(partition)
      if (left.size === 0) break
    }
    return found
  } finally {
    await consumer.close(true)
  }
}

function toItem({ title, text, fields, readers, vector }: Expected): Item {
  return { title, body: text, status: fields.status, amount: Number(fields.amount), readers, vector }
}

function toExpected({ title, body, status, amount, readers, vector }: Row): Expected {
  return { title, text: body, fields: { status, amount }, readers, vector: vector ?? undefined }
}
