import { AquiferError } from '../../src/core/errors.ts'
import type { KeyDigest, KeyRange } from '../../src/core/indexer.ts'
import type { KafkaSource } from './config.ts'
import { openHeldKeys } from './held-keys.ts'
import type { HeldKeys, News } from './held-keys.ts'
import type { Arrival, Lane } from './poll.ts'
import { pump } from './pump.ts'
import { readMessage } from './read-message.ts'
import { readRecords } from './read-records.ts'
import type { Reader } from './reading.ts'
import { cancelled } from '../../src/core/source-error.ts'
import { canonicalText } from './to-change.ts'
import { endOffsets } from './topic.ts'
import { openTrack, refreshTrack } from './track.ts'
import type { Track } from './track.ts'

/** What a topic holds, read from its first message: kept while the connection is open, so that the next look is short. */
export interface KeyReader extends Disposable {
  keys(range: KeyRange, want: 'keys' | 'digests'): AsyncGenerator<KeyDigest>
}

interface Held {
  readonly track: Track
  readonly keys: HeldKeys
  /** When it was last known to be up to date. */
  at: number
  /** Lists under way, and whether it is to go with the last of them. */
  lists: number
  dropped: boolean
}

export function openKeyReader(reader: Reader): KeyReader {
  const { clock, signal } = reader.options
  let held: Held | undefined
  let turn: Promise<unknown> = Promise.resolve()

  function drop(): void {
    if (held === undefined) return
    held.dropped = true
    release(held)
    held = undefined
  }

  async function catchUp(): Promise<Held> {
    if (held !== undefined && !isUsable(held, reader.source, clock.now())) drop()
    const at = clock.now()
    try {
      if (held === undefined) held = await begin(reader)
      else await moveTargets(reader, held.track)
      await follow(reader, held)
      held.at = at
      held.lists += 1
      return held
    } catch (error) {
      drop()
      throw error
    }
  }

  return {
    async *keys(range, want) {
      const caughtUp = turn.then(catchUp)
      turn = caughtUp.catch(() => {})
      const own = await caughtUp.catch(rethrow)
      try {
        for (const { key, digest } of own.keys.list(range)) {
          if (signal.aborted) throw cancelled()
          yield want === 'keys' ? { key } : { key, digest }
        }
      } finally {
        own.lists -= 1
        release(own)
      }
    },
    [Symbol.dispose]: drop,
  }
}

function release({ keys, lists, dropped }: Held): void {
  if (dropped && lists === 0) keys[Symbol.dispose]()
}

/** Not where records go with their messages, nor when a deletion may have come and gone since the last look. */
function isUsable({ track, at }: Held, { expires }: KafkaSource, now: number): boolean {
  const { keeping } = track.topic
  return !(keeping.expires && expires === 'delete') && !(keeping.compacts && now - at > keeping.tombstonesMs)
}

async function begin(reader: Reader): Promise<Held> {
  const { place, source, options } = reader
  const now = options.clock.now()
  const track = await openTrack(reader)
  if (!track.isWhole && source.expires === 'keep') {
    throw new AquiferError(
      'SOURCE_KEYS_UNKNOWN',
      `${place.subject}: ${place.what} no longer has all its messages, so it can't tell which records are there`,
      {
        fix: 'Set `expires: delete` where a record is to go with its last message, or compact the topic instead of expiring it.',
      },
    )
  }
  return { track, keys: openHeldKeys(), at: now, lists: 0, dropped: false }
}

async function moveTargets({ kafka }: Reader, track: Track): Promise<void> {
  await refreshTrack(kafka, track)
  const ends = await endOffsets(kafka, track.topic)
  for (const lane of track.lanes) lane.target = ends.get(lane.partition) ?? lane.target
}

async function follow(reader: Reader, { track, keys }: Held): Promise<void> {
  const { kafka, options } = reader
  const wanted = (): readonly Lane[] => track.lanes.filter(({ next, target }) => next < target)
  for await (const { arrivals } of pump({ ...options, kafka, tracks: [track], wanted })) {
    for (const arrival of arrivals) keys.take([...newsOf(arrival, reader)])
  }
}

function* newsOf(arrival: Arrival, { source, options }: Reader): Generator<News> {
  for (const message of readRecords(arrival)) {
    const { partition, timestamp } = message
    const told = readMessage(message, source.format)
    if (told.kind === 'delete') yield { key: told.key, partition, timestamp }
    if (told.kind === 'put') {
      yield { key: told.key, partition, timestamp, digest: options.digest(canonicalText(told.row)) }
    }
  }
}

/** A list of keys has no cursor that could have expired: what changed under it is met by asking again. */
function rethrow(error: unknown): never {
  if (!(error instanceof AquiferError) || error.code !== 'CURSOR_EXPIRED') throw error
  throw new AquiferError('SOURCE_UNREACHABLE', error.message, { cause: error })
}
