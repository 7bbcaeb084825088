import type { RecordsBatch } from '@platformatic/kafka'
import type { FetchedPartition } from './client.ts'

const isTransactional = 1 << 4
const isControl = 1 << 5

/**
 * Each batch with whether its messages count: not those of aborted transactions, nor the marks that end one. The broker
 * names what was aborted and overlaps the answer; a transaction's messages end at its producer's next mark, which may
 * only come with a later answer. (The client's own filter keeps one transaction a producer and lets go of those
 * whose mark has not come yet.)
 */
export function* visibleBatches({
  records,
  abortedTransactions,
}: FetchedPartition): Generator<{ readonly batch: RecordsBatch; readonly visible: boolean }> {
  const aborted = (abortedTransactions ?? []).toSorted((a, b) => Number(a.firstOffset - b.firstOffset))
  const producers = new Set<bigint>()
  for (const batch of records ?? []) {
    const last = lastOffsetOf(batch)
    while (aborted[0] !== undefined && aborted[0].firstOffset <= last) {
      producers.add(aborted[0].producerId)
      aborted.shift()
    }
    if ((batch.attributes & isControl) !== 0) {
      if (isAbortMark(batch)) producers.delete(batch.producerId)
      yield { batch, visible: false }
    } else {
      const isAborted = (batch.attributes & isTransactional) !== 0 && producers.has(batch.producerId)
      yield { batch, visible: !isAborted }
    }
  }
}

export function lastOffsetOf({ firstOffset, lastOffsetDelta }: RecordsBatch): bigint {
  return firstOffset + BigInt(lastOffsetDelta)
}

/** The key of a mark is a version and a type, 16 bits each; type 0 says aborted. */
function isAbortMark({ records }: RecordsBatch): boolean {
  const key = records[0]?.key
  return key !== undefined && key !== null && key.length >= 4 && key.readInt16BE(2) === 0
}
