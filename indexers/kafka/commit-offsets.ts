import type { Json } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { parseCursor } from './cursor.ts'
import type { Reader } from './reading.ts'

/**
 * Notes in the source's group how far it is, for tools that show lag; nothing is ever read back from there. What may
 * pass is left to the next commit; rights that are missing, and a group that has consumers of its own, are thrown.
 */
export async function commitOffsets({ kafka, place, source }: Reader, upTo: Json | undefined): Promise<void> {
  if (source.group === undefined) return
  const cursor = parseCursor(upTo, source, place)
  if (cursor === undefined) return
  const partitions = Object.entries(cursor.partitions).map(([partition, { next, epoch }]) => ({
    partitionIndex: Number(partition),
    committedOffset: BigInt(next),
    committedLeaderEpoch: epoch,
    committedMetadata: null,
  }))
  const group = { ...place, what: `the group ${source.group}` }
  try {
    await kafka.commitOffsets(group, source.group, [{ name: source.topic, partitions }])
  } catch (error) {
    if (error instanceof AquiferError && error.kind === 'config') throw error
  }
}
