import type { API, Broker, Connection, fetchV17, listOffsetsV8, metadataV12 } from '@platformatic/kafka'
import type { describeConfigsV4, findCoordinatorV6, offsetCommitV9 } from '@platformatic/kafka'
import { kafkaOptions } from './client-options.ts'
import type { KafkaConnection } from './config.ts'
import { cancelled } from '../../src/core/source-error.ts'
import { brokerError, toSourceError } from './source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

export type FetchTopic = fetchV17.FetchRequestTopic & { readonly name: string }
export type FetchedPartition = fetchV17.FetchResponsePartition

/** Requests to a cluster. What a broker says of single topics and partitions is in the answer, as its error code. */
export interface Kafka extends AsyncDisposable {
  /** null asks for all topics. Also notes where the brokers are. */
  metadata(place: Place, topics: readonly string[] | null): Promise<metadataV12.MetadataResponse>
  configs(place: Place, topic: string): Promise<describeConfigsV4.DescribeConfigsResponse>
  listOffsets(
    place: Place,
    node: number,
    topics: listOffsetsV8.ListOffsetsRequestTopic[],
  ): Promise<listOffsetsV8.ListOffsetsResponse>
  /** Whole transactions only, but with aborted ones among them, which the answer names. */
  fetch(place: Place, node: number, request: FetchRequest): Promise<fetchV17.FetchResponse>
  commitOffsets(place: Place, group: string, topics: offsetCommitV9.OffsetCommitRequestTopic[]): Promise<void>
}

export interface FetchRequest {
  readonly topics: readonly FetchTopic[]
  readonly waitMs: number
  readonly maxBytes: number
}

const readCommitted = 1
/** A fetch on its own, without a session that the broker would have to remember. */
const noSession = { id: 0, epoch: -1 }
const groupCoordinator = 0
const topicResource = 2
const oldestWithTopicIds = 13

/** The client is loaded here, at first use. Connections are made when they are needed, and again after they were lost. */
export async function openClient(connection: KafkaConnection, signal: AbortSignal): Promise<Kafka> {
  const library = await import('@platformatic/kafka')
  const options = kafkaOptions(connection)
  const client = new library.Base(options)
  const pool = client.connections
  // Without a listener, a connection that fails twice would end the process. Requests meet the error by themselves.
  pool.on('connecting', ({ connection: made }) => void made.on('error', () => {}))
  const nodes = new Map<number, Broker>()

  function apiOf<Args extends unknown[], Answer>(name: string): Promise<API<Args, Answer>> {
    return new Promise((resolve, reject) => {
      client[library.kGetApi]<Args, Answer>(name, (error, api) => {
        if (api === undefined) reject(error ?? new Error(`no ${name}`))
        else resolve(api)
      })
    })
  }

  async function connected(node: number | undefined): Promise<Connection> {
    if (node === undefined) return pool.getFirstAvailable([...options.bootstrapBrokers, ...nodes.values()])
    const broker = nodes.get(node)
    if (broker === undefined) throw new Error('The broker is not known yet.')
    return pool.get(broker)
  }

  /** Sends what `make` says, to a broker or to any, and ends with an error rather than never. */
  async function request<Args extends unknown[], Answer>(
    place: Place,
    { name, node }: { readonly name: string; readonly node?: number },
    make: (version: number) => Args,
  ): Promise<Answer> {
    if (signal.aborted) throw cancelled()
    const send = async (): Promise<Answer> => {
      const made = await connected(node)
      const api = await apiOf<Args, Answer>(name)
      return api.async(made, ...make(api.version)).catch(answerOf<Answer>)
    }
    const stopped = Promise.withResolvers<never>()
    const stop = (): void => stopped.reject(cancelled())
    signal.addEventListener('abort', stop, { once: true })
    const overdue = setTimeout(
      () => stopped.reject(new Error('timed out')),
      options.connectTimeout * 2 + options.requestTimeout + 5000,
    )
    try {
      return await Promise.race([send(), stopped.promise])
    } catch (thrown) {
      throw toSourceError(thrown, place)
    } finally {
      clearTimeout(overdue)
      signal.removeEventListener('abort', stop)
    }
  }

  async function coordinatorOf(place: Place, group: string): Promise<number> {
    type Answer = findCoordinatorV6.FindCoordinatorResponse
    const { coordinators } = await request<findCoordinatorV6.FindCoordinatorRequest, Answer>(
      place,
      { name: 'FindCoordinator' },
      () => [groupCoordinator, [group]],
    )
    const [found] = coordinators
    if (found === undefined) throw brokerError(15, place)
    if (found.errorCode !== 0) throw brokerError(found.errorCode, place)
    nodes.set(found.nodeId, { host: found.host, port: found.port })
    return found.nodeId
  }

  return {
    async metadata(place, topics) {
      type Answer = metadataV12.MetadataResponse
      const answer = await request<metadataV12.MetadataRequest, Answer>(place, { name: 'Metadata' }, () => [
        topics === null ? null : [...topics],
        false,
        false,
      ])
      nodes.clear()
      for (const { nodeId, host, port } of answer.brokers) nodes.set(nodeId, { host, port })
      return answer
    },
    configs: (place, topic) =>
      request<describeConfigsV4.DescribeConfigsRequest, describeConfigsV4.DescribeConfigsResponse>(
        place,
        { name: 'DescribeConfigs' },
        () => [[{ resourceType: topicResource, resourceName: topic, configurationKeys: null }], false, false],
      ),
    listOffsets: (place, node, topics) =>
      request<listOffsetsV8.ListOffsetsRequest, listOffsetsV8.ListOffsetsResponse>(
        place,
        { name: 'ListOffsets', node },
        () => [-1, readCommitted, topics],
      ),
    fetch: (place, node, { topics, waitMs, maxBytes }) =>
      request<fetchV17.FetchRequest, fetchV17.FetchResponse>(place, { name: 'Fetch', node }, (version) => [
        waitMs,
        1,
        maxBytes,
        readCommitted,
        noSession.id,
        noSession.epoch,
        topics.map(({ name, topicId, partitions }) => ({
          topicId: version < oldestWithTopicIds ? name : topicId,
          partitions,
        })),
        [],
        '',
      ]),
    async commitOffsets(place, group, topics) {
      const node = await coordinatorOf(place, group)
      type Answer = offsetCommitV9.OffsetCommitResponse
      const answer = await request<offsetCommitV9.OffsetCommitRequest, Answer>(
        place,
        { name: 'OffsetCommit', node },
        () => [group, -1, '', null, topics],
      )
      const failed = answer.topics.flatMap(({ partitions }) => partitions).find(({ errorCode }) => errorCode !== 0)
      if (failed !== undefined) throw brokerError(failed.errorCode, place)
    },
    async [Symbol.asyncDispose]() {
      await client.close().catch(() => {})
    },
  }
}

/** The client throws where any part of an answer has an error code; the answer it then carries says which. */
function answerOf<Answer>(thrown: unknown): Answer {
  // The property is the answer of the same request, as its own parser made it.
  if (thrown instanceof Error && 'response' in thrown && typeof thrown.response === 'object')
    return thrown.response as Answer
  throw thrown
}
