import type { Change, Json } from '../../schemas/record.ts'
import type { OpenOptions } from '../../src/core/indexer.ts'
import type { Kafka } from './client.ts'
import type { KafkaSource } from './config.ts'
import { parseCursor } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import type { Place } from '../../src/core/source-error.ts'
import { positionText } from './positions.ts'
import { openTrack } from './track.ts'
import type { Track } from './track.ts'

/** One source and what reading it takes. */
export interface Reader {
  readonly name: string
  readonly source: KafkaSource
  readonly place: Place
  readonly kafka: Kafka
  readonly options: OpenOptions<KafkaSource>
}

/** A source as it is read in one call. */
export interface Reading {
  readonly reader: Reader
  readonly track: Track
  /** See `Cursor`. */
  since: string
  /** What was handed over since the last checkpoint, and when that was. */
  unsaved: { messages: number; bytes: number }
  savedAt: number
}

/** So much at most is read again after a crash. */
const mostMessages = 1000
const mostBytes = 16 << 20

export async function beginReading(reader: Reader, saved: Json | undefined, startedAt: number): Promise<Reading> {
  const cursor = parseCursor(saved, reader.source, reader.place)
  const track = await openTrack(reader, cursor)
  const since = cursor?.since ?? new Date(startedAt).toISOString()
  return { reader, track, since, unsaved: { messages: 0, bytes: 0 }, savedAt: Number.NEGATIVE_INFINITY }
}

/** Counts a message that was handed over; whether it is time to save the place. */
export function isFull({ unsaved }: Reading, value: Uint8Array | null): boolean {
  unsaved.messages += 1
  unsaved.bytes += value?.length ?? 0
  return unsaved.messages >= mostMessages || unsaved.bytes >= mostBytes
}

/** Complete as of a time, or partial without one. */
export function checkpoint(reading: Reading, asOf?: number): Change {
  const { reader, track } = reading
  reading.unsaved = { messages: 0, bytes: 0 }
  reading.savedAt = reader.options.clock.passed()
  if (asOf !== undefined) reading.since = new Date(asOf).toISOString()
  const lanes = track.lanes.toSorted((a, b) => a.partition - b.partition)
  const cursor: Cursor = {
    version: 1,
    topic: track.topic.id,
    format: reader.source.format,
    partitions: Object.fromEntries(
      lanes.map(({ partition, next, epoch }) => [partition, { next: String(next), epoch }]),
    ),
    since: reading.since,
  }
  const position = positionText(lanes)
  const common = { kind: 'checkpoint', source: reader.name, position, cursor, asOf: reading.since } as const
  return asOf === undefined ? { ...common, partial: true } : common
}
