import type { Cursors } from '../../../src/core/indexer.ts'
import { streamCursorOf, type StreamCursor } from './cursor.ts'
import { lsnNumber } from './lsn.ts'
import type { StreamContext } from './stream-context.ts'

/** The ledger is asked so often where the connection's other sources are: they move on in other processes, or not at all. */
const askMs = 10_000

/** Up to where the server may forget the log: what every source of the connection has in the ledger. */
export interface Release {
  /** The slot keeps nothing from before here: who is behind will be read from the start, and holds nothing back. */
  begin(confirmed: bigint): void
  /** With what the ledger has of the sources that are read here; undefined while one of them has nothing. */
  upTo(committed: Cursors): Promise<bigint | undefined>
}

export function createRelease({ readers, others, tracks, clock }: StreamContext): Release {
  let floor = 0n
  let asked: { readonly cursors: Cursors; readonly atMs: number } | undefined

  async function cursorsOfOthers(): Promise<Cursors> {
    if (asked === undefined || clock.passed() - asked.atMs > askMs) {
      asked = { cursors: await others(), atMs: clock.passed() }
    }
    return asked.cursors
  }

  const isKept = ({ lsn, history }: StreamCursor): boolean =>
    lsnNumber(lsn) >= floor && [...tracks.values()].every(({ source }) => source.history === history)

  return {
    begin: (confirmed) => {
      floor = confirmed
      asked = undefined
    },
    upTo: async (committed) => {
      const own = [...readers.keys()].map((name) => streamCursorOf(committed[name]))
      if (own.includes(undefined)) return undefined
      const rest = Object.values(await cursorsOfOthers()).map((cursor) => streamCursorOf(cursor))
      const held = rest.filter((cursor) => cursor !== undefined && isKept(cursor))
      const lowest = [...own, ...held].flatMap((cursor) => (cursor === undefined ? [] : [lsnNumber(cursor.lsn)]))
      return lowest.reduce((a, b) => (a < b ? a : b))
    },
  }
}
