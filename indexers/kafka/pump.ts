import type { Clock } from '../../src/core/clock.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { Kafka } from './client.ts'
import { poll } from './poll.ts'
import type { Arrival, Lane, Poll } from './poll.ts'
import { cancelled } from '../../src/core/source-error.ts'
import { mayPass } from './source-error.ts'
import { refreshTrack } from './track.ts'
import type { Track } from './track.ts'

export interface PumpOptions {
  readonly kafka: Kafka
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly tracks: readonly Track[]
  /** Lanes that are not there yet; none ends the pump. */
  readonly wanted: () => readonly Lane[]
}

export interface Pumped {
  readonly arrivals: readonly Arrival[]
  /** When the brokers were asked: everything that was to be had then has arrived where a lane is at its end. */
  readonly askedAt: number
}

/** How long a broker waits for something to come, when all is quiet. */
const idleWaitMs = 500
/** How often to look for new partitions. */
const refreshMs = 5000
/** So long troubles may last that a cluster gets over by itself, such as the choice of a new leader. */
const patienceMs = 15_000
const pauseMs = 300

/**
 * What the wanted lanes bring, answer by answer: the next one is asked for when the consumer is through with the last.
 * The consumer moves the lanes. Rides out what passes; throws SOURCE_UNREACHABLE when it does not.
 */
export async function* pump({ kafka, clock, signal, tracks, wanted }: PumpOptions): AsyncGenerator<Pumped> {
  let order: readonly Lane[] = []
  let waitMs = 0
  let troubleSince: number | undefined
  let refreshAt = clock.passed() + refreshMs
  for (;;) {
    const lanes = inOrder(order, wanted())
    if (lanes.length === 0) return
    if (signal.aborted) throw cancelled()
    const askedAt = clock.now()
    const answer = await poll(kafka, lanes, waitMs)
    yield { arrivals: answer.arrivals, askedAt }
    if (signal.aborted) throw cancelled()
    const busy = new Set(answer.arrivals.filter(hasRecords).map(({ lane }) => lane))
    // Brokers fill their answers from the front, so whoever just had something goes last.
    order = [...lanes.filter((lane) => !busy.has(lane)), ...busy]
    waitMs = busy.size === 0 ? idleWaitMs : 0
    const trouble = answer.failure ?? stallOf(answer)
    if (trouble === undefined) troubleSince = undefined
    else {
      troubleSince ??= clock.passed()
      if (!mayPass(trouble) || clock.passed() - troubleSince > patienceMs) throw trouble
      refreshAt = clock.passed()
      waitMs = 0
      await clock.sleep(pauseMs, signal)
    }
    if (clock.passed() < refreshAt) continue
    refreshAt = (await refreshed(kafka, tracks)) ? clock.passed() + refreshMs : clock.passed()
  }
}

/** Lanes in the order of `order`, those that are new first. */
function inOrder(order: readonly Lane[], lanes: readonly Lane[]): readonly Lane[] {
  const places = new Map(order.map((lane, at) => [lane, at]))
  return lanes.toSorted((a, b) => (places.get(a) ?? -1) - (places.get(b) ?? -1))
}

function hasRecords({ fetched }: Arrival): boolean {
  return (fetched.records ?? []).length > 0
}

/**
 * What a compacted topic does not have between a position and its end was compacted away. Any other topic still has it,
 * perhaps where it has to be brought from first.
 */
function stallOf({ isEmpty, arrivals }: Poll): AquiferError | undefined {
  if (!isEmpty) return undefined
  const behind = arrivals.filter(({ lane, fetched }) => lane.next < fetched.lastStableOffset)
  for (const { lane, fetched } of behind) if (lane.topic.keeping.compacts) lane.next = fetched.lastStableOffset
  const stuck = behind.find(({ lane }) => !lane.topic.keeping.compacts)?.lane.topic
  return stuck === undefined
    ? undefined
    : new AquiferError(
        'SOURCE_UNREACHABLE',
        `${stuck.place.subject}: the brokers do not hand over what ${stuck.place.what} has`,
      )
}

async function refreshed(kafka: Kafka, tracks: readonly Track[]): Promise<boolean> {
  try {
    for (const track of tracks) await refreshTrack(kafka, track)
    return true
  } catch (error) {
    // The next answer meets the same trouble, if it lasts.
    if (mayPass(error)) return false
    throw error
  }
}
