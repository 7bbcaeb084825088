import { hint } from '../../src/core/nearest.ts'
import type { Kafka } from './client.ts'
import { expired, invalidSource } from '../../src/core/source-error.ts'
import { brokerError } from './source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

/** One topic as the cluster describes it. */
export interface Topic {
  readonly place: Place
  readonly name: string
  /** Another one when the topic was deleted and made again under its name. */
  readonly id: string
  /** The broker that leads each partition; -1 while none does. */
  readonly leaders: ReadonlyMap<number, number>
  readonly keeping: Keeping
}

/** What the topic keeps of what was written to it. */
export interface Keeping {
  /** Whether older values of a key are removed, and with time also what says that it is gone. */
  readonly compacts: boolean
  /** Whether everything before some time or size is removed, whatever its key. */
  readonly expires: boolean
  /** How long a deletion stays to be seen. */
  readonly tombstonesMs: number
}

const unknownTopic = 3
const noTopicId = '00000000-0000-0000-0000-000000000000'

/** undefined while not every broker knows of it, as just after it was made. */
export async function describeTopic(kafka: Kafka, place: Place, name: string): Promise<Topic | undefined> {
  const found = await locateTopic(kafka, place, name)
  return found === undefined ? undefined : { ...found, place, name, keeping: await readKeeping(kafka, place, name) }
}

/** Where the partitions are now; CURSOR_EXPIRED when it is no longer the same topic. */
export async function refreshTopic(kafka: Kafka, topic: Topic): Promise<Topic> {
  const found = await locateTopic(kafka, topic.place, topic.name)
  if (found === undefined) throw unknown(topic.place)
  if (found.id !== topic.id) throw remade(topic.place)
  return { ...topic, leaders: found.leaders }
}

/** SOURCE_UNREACHABLE */
export function unknown(place: Place): Error {
  return brokerError(unknownTopic, place)
}

export function remade(place: Place): Error {
  return expired(place, `${place.what} was deleted and made again`)
}

async function locateTopic(
  kafka: Kafka,
  place: Place,
  name: string,
): Promise<Pick<Topic, 'id' | 'leaders'> | undefined> {
  const { topics } = await kafka.metadata(place, [name])
  const found = topics.find((topic) => topic.name === name)
  if (found === undefined || found.errorCode === unknownTopic) {
    const names = await listTopics(kafka, place)
    if (names.includes(name)) return undefined
    throw invalidSource(place, `there is no topic ${name}${hint(name, names)}`)
  }
  if (found.errorCode === 17) throw invalidSource(place, `${name} can't be the name of a topic`)
  if (found.errorCode !== 0) throw brokerError(found.errorCode, place)
  if (found.topicId === undefined || found.topicId === noTopicId) throw brokerError(35, place)
  return { id: found.topicId, leaders: new Map(found.partitions.map((one) => [one.partitionIndex, one.leaderId])) }
}

/** Names of the topics that this user may see. */
export async function listTopics(kafka: Kafka, place: Place): Promise<readonly string[]> {
  const { topics } = await kafka.metadata(place, null)
  return topics.flatMap(({ name, isInternal }) => (isInternal || typeof name !== 'string' ? [] : [name])).toSorted()
}

export async function readKeeping(kafka: Kafka, place: Place, name: string): Promise<Keeping> {
  const [result] = (await kafka.configs(place, name)).results
  if (result === undefined) throw unknown(place)
  if (result.errorCode !== 0) throw brokerError(result.errorCode, place)
  const valueOf = (key: string): string => result.configs.find((config) => config.name === key)?.value ?? ''
  const policies = valueOf('cleanup.policy').split(',')
  return {
    compacts: policies.includes('compact'),
    expires: !policies.includes('compact') || policies.includes('delete'),
    tombstonesMs: Number(valueOf('delete.retention.ms')),
  }
}

const earliest = -2n
const latest = -1n

/** The first offset that each partition still has. */
export function firstOffsets(kafka: Kafka, topic: Topic): Promise<ReadonlyMap<number, bigint>> {
  return listOffsets(kafka, topic, earliest)
}

/** Where each partition ends for somebody who waits for transactions to be decided. */
export function endOffsets(kafka: Kafka, topic: Topic): Promise<ReadonlyMap<number, bigint>> {
  return listOffsets(kafka, topic, latest)
}

async function listOffsets(kafka: Kafka, topic: Topic, timestamp: bigint): Promise<ReadonlyMap<number, bigint>> {
  const { place, name, leaders } = topic
  const byNode = Map.groupBy(leaders, ([, node]) => node)
  const answers = await Promise.all(
    [...byNode].map(([node, partitions]) =>
      kafka.listOffsets(place, node, [
        {
          name,
          partitions: partitions.map(([partitionIndex]) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp })),
        },
      ]),
    ),
  )
  const offsets = new Map<number, bigint>()
  for (const { partitions } of answers.flatMap(({ topics }) => topics)) {
    for (const { partitionIndex, errorCode, offset } of partitions) {
      if (errorCode !== 0) throw brokerError(errorCode, place)
      offsets.set(partitionIndex, offset)
    }
  }
  if (offsets.size < leaders.size) throw brokerError(5, place)
  return offsets
}
