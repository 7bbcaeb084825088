import type { SourceFreshness } from '../../schemas/search.ts'
import type { SourceStanding } from '../core/ledger-feed.ts'
import type { Reached } from './reached-marks.ts'
import type { SearchContext } from './search-context.ts'

/** Up to when a record's source was known to be in step, and how long ago that is. A source always has been read once. */
export function ageOf({ clock }: SearchContext, asOfMs: number | undefined): { as_of: string; lag_ms: number } {
  const now = clock.now()
  const at = asOfMs ?? 0
  return { as_of: new Date(at).toISOString(), lag_ms: Math.max(0, now - at) }
}

export function freshnessOf(
  context: SearchContext,
  source: string,
  asOfMs: number | undefined,
): 'ok' | 'warn' | 'error' | 'unknown' {
  const limits = context.sources[source]?.freshness
  if (asOfMs === undefined || (limits?.warnMs === undefined && limits?.errorMs === undefined)) return 'unknown'
  const lag = context.clock.now() - asOfMs
  if (limits.errorMs !== undefined && lag > limits.errorMs) return 'error'
  return limits.warnMs !== undefined && lag > limits.warnMs ? 'warn' : 'ok'
}

/** What a reader must know where none of the sources searched has been read to its end yet. */
export function unreadNotices(oldestMs: number | undefined): string[] {
  return oldestMs === undefined ? ['Nothing searched here has been read to its end yet; `aquifer sync` does that.'] : []
}

/** What a reader must know of sources that are older than they promise to be. */
export function staleNotices(context: SearchContext, sources: readonly SourceStanding[]): string[] {
  return sources.flatMap(({ source: name, asOfMs }) => {
    const state = freshnessOf(context, name, asOfMs)
    if (state === 'ok' || state === 'unknown' || asOfMs === undefined) return []
    const minutes = Math.round((context.clock.now() - asOfMs) / 60_000)
    return [`${name} is older than it promises: last in step ${minutes.toLocaleString('en-US')} minutes ago.`]
  })
}

/** What was waited for is known more exactly than what one look tells. */
export function freshnessIn(
  { clock }: SearchContext,
  { source, asOfMs, lowest }: SourceStanding,
  reached: Reached | undefined,
): SourceFreshness {
  const at = reached?.asOfMs ?? asOfMs
  return {
    source,
    as_of: at === undefined ? null : new Date(at).toISOString(),
    lag_ms: at === undefined ? null : Math.max(0, clock.now() - at),
    position: reached?.position ?? lowest ?? null,
  }
}

/** What a reader must know where a store does not hold what `as_of` lets one expect. */
export function lagNotices(
  sources: readonly SourceStanding[],
  reached: ReadonlyMap<string, Reached> | undefined,
): string[] {
  return sources.flatMap(({ source, head, projected, deletesDue }) => {
    const behind = head - projected
    const notices: string[] = []
    if (behind > 0 && reached?.has(source) !== true) {
      notices.push(`The word index is ${behind.toLocaleString('en-US')} changes of ${source} behind.`)
    }
    if (deletesDue && reached?.has(source) === true) {
      notices.push(`What was deleted from ${source} may still be found until its keys have been compared.`)
    }
    return notices
  })
}
