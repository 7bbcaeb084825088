/** Whether a message came before another of the same partition, which all of a key are in; positions are `PARTITION:OFFSET`. */
export function isEarlierOffset(position: string, than: string): boolean {
  const [partition, offset = ''] = position.split(':')
  const [otherPartition, other = ''] = than.split(':')
  return partition === otherPartition && BigInt(offset) < BigInt(other)
}
