import type { Change } from '../../schemas/record.ts'
import type { Cursors } from '../../src/core/indexer.ts'
import { isStop } from '../../src/core/source-error.ts'
import type { Arrival, Lane } from './poll.ts'
import { pump } from './pump.ts'
import type { Pumped } from './pump.ts'
import { readRecords } from './read-records.ts'
import { beginReading, checkpoint, isFull } from './reading.ts'
import type { Reader, Reading } from './reading.ts'
import { toChange } from './to-change.ts'

/** So often a topic in which nothing happens says that it is up to date. */
const idleMs = 5000

/** Changes of all sources of a connection, whose topics are read together. */
export async function* readChanges(readers: readonly Reader[], after: Cursors): AsyncGenerator<Change> {
  const [first] = readers
  if (first === undefined) return
  const { clock, signal, until } = first.options
  try {
    const startedAt = clock.now()
    const readings: Reading[] = []
    for (const reader of readers) readings.push(await beginReading(reader, after[reader.name], startedAt))
    yield* until === 'now' ? readToEnd(first, readings, startedAt) : readOn(first, readings)
  } catch (error) {
    if (!isStop(error, signal)) throw error
  }
}

/** Up to where each partition ended when the call began. */
async function* readToEnd(
  { kafka, options }: Reader,
  readings: readonly Reading[],
  startedAt: number,
): AsyncGenerator<Change> {
  const open = new Set(readings)
  function* finish(): Generator<Change> {
    for (const reading of open) {
      if (unread(reading).length > 0) continue
      open.delete(reading)
      yield checkpoint(reading, startedAt)
    }
  }
  yield* finish()
  const tracks = readings.map(({ track }) => track)
  const wanted = (): readonly Lane[] => [...open].flatMap(unread)
  for await (const { arrivals } of pump({ ...options, kafka, tracks, wanted })) {
    yield* changesOf(arrivals, readings)
    if (options.signal.aborted) return
    yield* finish()
  }
}

function unread({ track }: Reading): readonly Lane[] {
  return track.lanes.filter(({ confirmed, next, target }) => !confirmed || next < target)
}

/** Everything as it comes, with a checkpoint at every pause. */
async function* readOn({ kafka, options }: Reader, readings: readonly Reading[]): AsyncGenerator<Change> {
  const { clock, signal, everyMs } = options
  const tracks = readings.map(({ track }) => track)
  const wanted = (): readonly Lane[] => tracks.flatMap(({ lanes }) => lanes)
  for await (const pumped of pump({ ...options, kafka, tracks, wanted })) {
    yield* changesOf(pumped.arrivals, readings)
    if (signal.aborted) return
    for (const reading of readings) {
      const isDue = reading.unsaved.messages > 0 || clock.passed() - reading.savedAt >= Math.min(everyMs, idleMs)
      if (isDue && hasCaughtUp(reading, pumped)) yield checkpoint(reading, pumped.askedAt)
    }
  }
}

function hasCaughtUp({ track: { lanes } }: Reading, { arrivals }: Pumped): boolean {
  const answered = new Set(arrivals.map(({ lane }) => lane))
  return lanes.every((lane) => answered.has(lane) && lane.next >= lane.end)
}

function* changesOf(arrivals: readonly Arrival[], readings: readonly Reading[]): Generator<Change> {
  for (const arrival of arrivals) {
    const reading = readings.find(({ track }) => track.lanes.includes(arrival.lane))
    if (reading === undefined) continue
    const { signal } = reading.reader.options
    for (const message of readRecords(arrival)) {
      yield toChange(reading.reader, message)
      if (signal.aborted) return
      if (isFull(reading, message.value)) yield checkpoint(reading)
    }
  }
}
