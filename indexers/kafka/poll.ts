import type { RecordsBatch } from '@platformatic/kafka'
import type { FetchTopic, FetchedPartition, Kafka } from './client.ts'
import { expired, invalidSource } from '../../src/core/source-error.ts'
import { brokerError } from './source-error.ts'

import type { Topic } from './topic.ts'

/** One partition and how far it has been read. */
export interface Lane {
  readonly partition: number
  topic: Topic
  next: bigint
  /** See `Cursor`. */
  epoch: number
  /** Up to where it has to be read to have caught up. */
  target: bigint
  /** Where it ended at the last answer, or a little earlier. */
  end: bigint
  /** Whether a broker has confirmed that it can be read on from where it stands. */
  confirmed: boolean
}

/** What came for one lane. */
export interface Arrival {
  readonly lane: Lane
  readonly fetched: FetchedPartition
}

export interface Poll {
  readonly arrivals: readonly Arrival[]
  /** Why some lanes got no answer, where that may pass. */
  readonly failure: unknown
  /** Whether every broker answered fully and had nothing: what lies between a position and its end is then not there. */
  readonly isEmpty: boolean
}

/** All that is fetched at once; a single message that is larger still comes. */
const mostBytes = 8 << 20
const mostLaneBytes = 1 << 20

/** Asks all brokers that lead one of these lanes, once. Throws what can't pass. */
export async function poll(kafka: Kafka, lanes: readonly Lane[], waitMs: number): Promise<Poll> {
  const requests = requestsOf(lanes)
  const maxBytes = Math.floor(mostBytes / requests.length)
  const answers = await Promise.allSettled(requests.map((own) => fetchFrom(kafka, own, { waitMs, maxBytes })))
  const arrivals: Arrival[] = []
  let failure: unknown
  let throttled = false
  for (const answer of answers) {
    if (answer.status === 'rejected') {
      failure ??= answer.reason
      continue
    }
    throttled ||= answer.value.throttled
    for (const { lane, fetched } of answer.value.arrivals) {
      const problem = problemOf(lane, fetched)
      if (problem === undefined) arrivals.push({ lane, fetched })
      else failure ??= problem
    }
  }
  const isQuiet = arrivals.every(({ fetched }) => (fetched.records ?? []).length === 0)
  return {
    arrivals,
    failure,
    isEmpty: failure === undefined && !throttled && isQuiet && arrivals.length === lanes.length,
  }
}

/** Lanes to ask for together: of one broker, and no partition twice, since two sources may stand apart in one topic. */
function requestsOf(lanes: readonly Lane[]): readonly (readonly Lane[])[] {
  const seen = new Map<string, number>()
  const requests = Map.groupBy(lanes, (lane) => {
    const place = `${lane.topic.id} ${lane.partition}`
    const before = seen.get(place) ?? 0
    seen.set(place, before + 1)
    return `${leaderOf(lane)} ${before}`
  })
  return [...requests.values()]
}

function leaderOf({ topic, partition }: Lane): number {
  return topic.leaders.get(partition) ?? -1
}

async function fetchFrom(
  kafka: Kafka,
  lanes: readonly Lane[],
  { waitMs, maxBytes }: { readonly waitMs: number; readonly maxBytes: number },
): Promise<{ readonly arrivals: readonly Arrival[]; readonly throttled: boolean }> {
  const [first] = lanes
  if (first === undefined) return { arrivals: [], throttled: false }
  const { place } = first.topic
  const node = leaderOf(first)
  if (node < 0) throw brokerError(5, place)
  const answer = await kafka.fetch(place, node, { waitMs, maxBytes, topics: lanes.map(toRequest) })
  if (answer.errorCode !== 0) throw brokerError(answer.errorCode, place)
  const byPartition = new Map(
    answer.responses.flatMap(({ topicId, partitions }) =>
      partitions.map((fetched) => [`${topicId} ${fetched.partitionIndex}`, fetched] as const),
    ),
  )
  const arrivals = lanes.flatMap((lane): Arrival[] => {
    // Older brokers name topics instead of giving their ids.
    const fetched = [lane.topic.id, lane.topic.name]
      .map((topic) => byPartition.get(`${topic} ${lane.partition}`))
      .find((found) => found !== undefined)
    return fetched === undefined ? [] : [{ lane, fetched }]
  })
  return { arrivals, throttled: answer.throttleTimeMs > 0 }
}

function toRequest({ topic, partition, next, epoch }: Lane): FetchTopic {
  return {
    name: topic.name,
    topicId: topic.id,
    partitions: [
      {
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: next,
        // With it the broker tells when its log is no longer the one that was read.
        lastFetchedEpoch: epoch,
        partitionMaxBytes: mostLaneBytes,
      },
    ],
  }
}

const offsetOutOfRange = 1
const noSuchTopicId = 100

function problemOf({ topic }: Lane, fetched: FetchedPartition): unknown {
  const { place } = topic
  if (fetched.errorCode === offsetOutOfRange) {
    throw expired(place, `${place.what} no longer has what came after the cursor`)
  }
  if (fetched.errorCode === noSuchTopicId) return brokerError(3, place)
  if (fetched.errorCode !== 0) {
    const error = brokerError(fetched.errorCode, place)
    if (error.code !== 'SOURCE_UNREACHABLE') throw error
    return error
  }
  const { divergingEpoch } = fetched
  if (divergingEpoch !== undefined && divergingEpoch.endOffset >= 0n) {
    throw expired(place, `${place.what} lost messages that had been read`)
  }
  if ((fetched.records ?? []).some(isOld))
    throw invalidSource(place, `${place.what} holds messages in a format older than Kafka 0.11`)
  return undefined
}

function isOld({ magic }: RecordsBatch): boolean {
  return magic !== 2
}
