type Lane = 'read' | 'write'

/** Work that waits for one engine. Reads go first, but not for ever: each write earns them as much time as it took. */
export interface FairQueue<T> {
  push(lane: Lane, item: T): void
  /** Before everything else in its lane. */
  putBack(lane: Lane, item: T): void
  next(): T | undefined
  /** Something from this lane ran for so long. */
  ran(lane: Lane, ms: number): void
  /** Removes and returns what matches. */
  remove(matches: (item: T) => boolean): T[]
}

/** Reads that arrive together before any write has been timed. */
const firstAllowanceMs = 250

export function createFairQueue<T>(): FairQueue<T> {
  const lanes: Record<Lane, T[]> = { read: [], write: [] }
  let allowanceMs = firstAllowanceMs
  return {
    push: (lane, item) => void lanes[lane].push(item),
    putBack: (lane, item) => void lanes[lane].unshift(item),
    next: () => {
      const readsMayGo = allowanceMs > 0 || lanes.write.length === 0
      return (readsMayGo ? lanes.read.shift() : undefined) ?? lanes.write.shift() ?? lanes.read.shift()
    },
    ran: (lane, ms) => {
      allowanceMs = lane === 'write' ? Math.max(ms, 1) : allowanceMs - ms
    },
    remove: (matches) => {
      const removed = [...lanes.read, ...lanes.write].filter(matches)
      for (const lane of ['read', 'write'] as const) lanes[lane] = lanes[lane].filter((item) => !removed.includes(item))
      return removed
    },
  }
}
