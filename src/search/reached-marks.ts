import type { SourceStanding } from '../core/ledger-feed.ts'

/** Where a source was known to be, in every store that is asked. */
export interface Reached {
  readonly position: string | undefined
  readonly asOfMs: number | undefined
}

interface Mark extends Reached {
  readonly feed: number
}

export interface ReachedMarks {
  /** Takes in where a source stands; returns up to where it surely has got in every store. */
  observe(standing: SourceStanding): Reached
}

/**
 * What a projection has reached, as long as one looks: the ledger only tells where it is itself, which moves on while the
 * projection follows, so that the two may never be seen level. Noted with its number in the feed, it is reached later.
 */
export function openReachedMarks(): ReachedMarks {
  const marks = new Map<number, readonly Mark[]>()
  return {
    observe({ sourceId, positionFeed, position, asOfMs, projected, lowest }) {
      const all = [...(marks.get(sourceId) ?? []), { feed: positionFeed, position, asOfMs }]
      const last = all.findLastIndex(({ feed }) => feed <= projected)
      marks.set(sourceId, last === -1 ? all : all.slice(last))
      return all[last] ?? { position: lowest, asOfMs: undefined }
    },
  }
}
