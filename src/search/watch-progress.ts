import type { SourceStanding } from '../core/ledger-feed.ts'
import { freshnessOf } from './freshness.ts'
import type { SearchContext } from './search-context.ts'

/** What ought to move on and does not. */
export interface Stall {
  /** stale: the source is older than its `freshness.error`; stuck: the projection is behind, and stays where it is. */
  readonly kind: 'stale' | 'stuck'
  readonly source: string
  readonly forMs: number
}

export interface Progress {
  readonly stalls: readonly Stall[]
  /** Sources of which the projection lacks something and has not been seen to move yet. */
  readonly waiting: readonly string[]
}

/** A projection of a source that promises nothing of its age may stand still for so long. */
const stuckMs = 60_000

/**
 * Looks how far sources and projection are, each time it is called: that a projection stands still is only seen by looking
 * twice. A source that has never been read to its end has not stopped; `status` tells of it.
 */
export function watchProgress(context: SearchContext, patienceMs?: number): () => Promise<Progress> {
  const { ledger, projection, clock } = context
  let seen: ReadonlyMap<string, { readonly projected: number; readonly atMs: number; readonly hasMoved: boolean }> =
    new Map()

  const stuckIn = ({ source, head, projected }: SourceStanding): readonly Stall[] => {
    const { atMs } = seen.get(source) ?? { atMs: clock.passed() }
    const limitMs = patienceMs ?? context.sources[source]?.freshness.errorMs ?? stuckMs
    const forMs = clock.passed() - atMs
    return projected < head && forMs > limitMs ? [{ kind: 'stuck', source, forMs }] : []
  }
  return async () => {
    const { sources } = await ledger.standings({
      projection: projection?.name,
      readable: undefined,
      sources: undefined,
    })
    const nowMs = clock.passed()
    seen = new Map(
      sources.map(({ source, head, projected }) => {
        const before = seen.get(source)
        if (projected < head && before?.projected === projected) return [source, before]
        return [source, { projected, atMs: nowMs, hasMoved: before !== undefined || projected >= head }]
      }),
    )
    const stale = sources.flatMap(({ source, asOfMs }): Stall[] =>
      asOfMs !== undefined && freshnessOf(context, source, asOfMs) === 'error'
        ? [{ kind: 'stale', source, forMs: clock.now() - asOfMs }]
        : [],
    )
    return {
      stalls: [...stale, ...sources.flatMap(stuckIn)],
      waiting: [...seen].filter(([, { hasMoved }]) => !hasMoved).map(([source]) => source),
    }
  }
}
