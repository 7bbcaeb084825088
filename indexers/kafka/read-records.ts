import type { RecordsBatch } from '@platformatic/kafka'
import type { Arrival } from './poll.ts'
import type { Bytes } from './read-message.ts'
import { lastOffsetOf, visibleBatches } from './visible-batches.ts'

/** One message of a lane. */
export interface Message extends Bytes {
  readonly partition: number
  readonly offset: bigint
  /** Milliseconds since 1970; negative when the message has none. */
  readonly timestamp: bigint
}

const isLogAppendTime = 1 << 3

/** The messages that count, in order. The lane stands behind each one as it is handed over, and at last behind all. */
export function* readRecords({ lane, fetched }: Arrival): Generator<Message> {
  for (const { batch, visible } of visibleBatches(fetched)) {
    for (const { key, value, offsetDelta, timestampDelta } of visible ? batch.records : []) {
      const offset = batch.firstOffset + BigInt(offsetDelta)
      // A batch comes whole, also what lies before the position.
      if (offset < lane.next) continue
      lane.next = offset + 1n
      lane.epoch = batch.partitionLeaderEpoch
      yield { key, value, partition: lane.partition, offset, timestamp: timeOf(batch, timestampDelta) }
    }
    const last = lastOffsetOf(batch)
    if (last < lane.next) continue
    lane.next = last + 1n
    lane.epoch = batch.partitionLeaderEpoch
  }
  lane.end = fetched.lastStableOffset
  lane.confirmed = true
}

function timeOf({ attributes, firstTimestamp, maxTimestamp }: RecordsBatch, delta: bigint): bigint {
  return (attributes & isLogAppendTime) === 0 ? firstTimestamp + delta : maxTimestamp
}
