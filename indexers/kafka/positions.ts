import type { PositionOrder } from '../../src/core/position-order.ts'

const position = /^\d{1,9}:\d{1,19}(?:,\d{1,9}:\d{1,19})*$/

/** Offsets of the last message of each partition. */
export const offsetOrder: PositionOrder = {
  form: 'a partition and the offset of a message in it such as 3:1042, several with commas between',
  isPosition: (text) => position.test(text),
  covers(at, wanted) {
    const reached = new Map(offsetsOf(at))
    return offsetsOf(wanted).every(([partition, offset]) => (reached.get(partition) ?? -1n) >= offset)
  },
}

/** Of a partition that nothing was read from yet, -1. */
export function positionText(lanes: readonly { readonly partition: number; readonly next: bigint }[]): string {
  return lanes.map(({ partition, next }) => `${partition}:${next - 1n}`).join(',')
}

function offsetsOf(text: string): readonly (readonly [number, bigint])[] {
  return [...text.matchAll(/(\d+):(-?\d+)/g)].map(([, partition, offset]) => [Number(partition), BigInt(offset ?? -1)])
}
