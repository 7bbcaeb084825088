import type { Kafka } from './client.ts'
import type { Cursor } from './cursor.ts'
import type { Lane } from './poll.ts'
import type { Place } from '../../src/core/source-error.ts'
import type { Reader } from './reading.ts'
import { expired } from '../../src/core/source-error.ts'
import { mayPass } from './source-error.ts'
import { describeTopic, endOffsets, firstOffsets, refreshTopic, remade, unknown } from './topic.ts'
import type { Topic } from './topic.ts'

/** A topic with all of its partitions, and how far each has been read. */
export interface Track {
  topic: Topic
  readonly lanes: Lane[]
  /** Whether each partition still has all that was ever written to it. */
  readonly isWhole: boolean
}

/** Begins at the cursor, else at the first message there is; CURSOR_EXPIRED where something after the cursor is gone. */
export async function openTrack({ kafka, place, source, options }: Reader, cursor?: Cursor): Promise<Track> {
  const described = await describeNew(kafka, place, source.topic, options)
  if (cursor !== undefined) checkHistory(cursor, described, options.clock.now())
  const { topic, first, ends } = await readBounds(kafka, described, options)
  const lanes = [...topic.leaders.keys()]
    .toSorted((a, b) => a - b)
    .map((partition): Lane => {
      const start = first.get(partition) ?? 0n
      const end = ends.get(partition) ?? 0n
      const saved = cursor?.partitions[String(partition)]
      if (saved !== undefined && BigInt(saved.next) < start) {
        throw expired(place, `${place.what} no longer has what came after the cursor`)
      }
      const next = saved === undefined ? start : BigInt(saved.next)
      return { partition, topic, next, epoch: saved?.epoch ?? -1, target: end, end, confirmed: saved === undefined }
    })
  return { topic, lanes, isWhole: !topic.keeping.expires || [...first.values()].every((offset) => offset === 0n) }
}

const attempts = 10
const pauseMs = 300

async function describeNew(
  kafka: Kafka,
  place: Place,
  name: string,
  { clock, signal }: Reader['options'],
): Promise<Topic> {
  for (let left = attempts; left > 0; left -= 1) {
    const topic = await describeTopic(kafka, place, name)
    if (topic !== undefined) return topic
    await clock.sleep(pauseMs, signal)
  }
  throw unknown(place)
}

interface Bounds {
  readonly topic: Topic
  readonly first: ReadonlyMap<number, bigint>
  readonly ends: ReadonlyMap<number, bigint>
}

/** Asks again for a while: partitions that are new, or change their leader, have none for a moment. */
async function readBounds(kafka: Kafka, described: Topic, { clock, signal }: Reader['options']): Promise<Bounds> {
  let topic = described
  for (let left = attempts; ; left -= 1) {
    try {
      return { topic, first: await firstOffsets(kafka, topic), ends: await endOffsets(kafka, topic) }
    } catch (error) {
      if (left === 0 || !mayPass(error)) throw error
      await clock.sleep(pauseMs, signal)
      topic = await refreshTopic(kafka, topic)
    }
  }
}

function checkHistory(cursor: Cursor, { place, id, leaders, keeping }: Topic, now: number): void {
  if (cursor.topic !== id || Object.keys(cursor.partitions).some((partition) => !leaders.has(Number(partition)))) {
    throw remade(place)
  }
  // A deletion is only kept so long: of one that came and went meanwhile, nothing would tell any more.
  if (keeping.compacts && now - Date.parse(cursor.since) > keeping.tombstonesMs) {
    throw expired(place, `the last read is longer ago than delete.retention.ms of ${place.what} keeps deletions`)
  }
}

/** Follows partitions to their leaders, and takes up new ones from their first message. */
export async function refreshTrack(kafka: Kafka, track: Track): Promise<void> {
  const topic = await refreshTopic(kafka, track.topic)
  const known = new Set(track.lanes.map(({ partition }) => partition))
  const added = [...topic.leaders.keys()].filter((partition) => !known.has(partition))
  const first = added.length === 0 ? undefined : await firstOffsets(kafka, topic)
  track.topic = topic
  for (const lane of track.lanes) lane.topic = topic
  for (const partition of added) {
    const next = first?.get(partition) ?? 0n
    track.lanes.push({ partition, topic, next, epoch: -1, target: next, end: next, confirmed: true })
  }
}
