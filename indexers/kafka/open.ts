import { AquiferError } from '../../src/core/errors.ts'
import type { Cursors, Indexer, OpenOptions } from '../../src/core/indexer.ts'
import { openClient } from './client.ts'
import type { Kafka } from './client.ts'
import { commitOffsets } from './commit-offsets.ts'
import type { KafkaConnection, KafkaSource } from './config.ts'
import type { Lane } from './poll.ts'
import { pump } from './pump.ts'
import { readChanges } from './read-changes.ts'
import type { Reader } from './reading.ts'
import { openKeyReader } from './read-keys.ts'
import type { KeyReader } from './read-keys.ts'
import { openTrack } from './track.ts'

/** Connects, and checks that every topic is there and can be read. */
export async function openKafka(connection: KafkaConnection, options: OpenOptions<KafkaSource>): Promise<Indexer> {
  const kafka = await openClient(connection, options.signal)
  try {
    const readers = Object.entries(options.sources).map(([name, source]): Reader => {
      const place = { subject: `Source ${name}`, what: `topic ${source.topic}` }
      return { name, source, place, kafka, options }
    })
    for (const reader of readers) await checkReadable(reader)
    return indexerOf(kafka, readers)
  } catch (error) {
    await kafka[Symbol.asyncDispose]()
    throw error
  }
}

/** Asks for what comes next, which needs the same rights as everything before it. */
async function checkReadable(reader: Reader): Promise<void> {
  const track = await openTrack(reader)
  for (const lane of track.lanes) {
    lane.next = lane.end
    lane.confirmed = false
  }
  const wanted = (): readonly Lane[] => track.lanes.filter(({ confirmed }) => !confirmed)
  for await (const { arrivals } of pump({ ...reader.options, kafka: reader.kafka, tracks: [track], wanted })) {
    for (const { lane } of arrivals) lane.confirmed = true
  }
}

function indexerOf(kafka: Kafka, readers: readonly Reader[]): Indexer {
  const keyReaders = new Map<string, KeyReader>(readers.map((reader) => [reader.name, openKeyReader(reader)]))
  return {
    changes: (after) => readChanges(readers, after),
    committed: async (upTo: Cursors) => {
      for (const reader of readers) await commitOffsets(reader, upTo[reader.name])
    },
    keys(name, range, want) {
      const reader = keyReaders.get(name)
      if (reader === undefined) throw new AquiferError('SOURCE_UNKNOWN', `This connection has no source ${name}.`)
      return reader.keys(range, want)
    },
    async [Symbol.asyncDispose]() {
      for (const reader of keyReaders.values()) reader[Symbol.dispose]()
      await kafka[Symbol.asyncDispose]()
    },
  }
}
