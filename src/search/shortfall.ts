import type { SourceStanding } from '../core/ledger-feed.ts'
import type { SearchContext } from './search-context.ts'

/** Where a source stands that is not as fresh as was demanded, in the words of answers. */
export interface Shortfall {
  readonly source: string
  /** As asked. */
  readonly min_position: string | null
  readonly max_staleness_ms: number | null
  /** The lowest over all stores; null also where it is too long to tell. */
  readonly position: string | null
  /** Of the ledger. */
  readonly as_of: string | null
  readonly lag_ms: number | null
  /** `source`: it has not been read so far; `word index`: what was read is not there yet. */
  readonly waits_for: 'source' | 'word index'
  /** Changes that the word index lacks. */
  readonly behind: number
  /** Whether some process keeps it in step now. */
  readonly syncing: boolean
}

export function toShortfall(
  { clock }: SearchContext,
  {
    name,
    standing,
    wanted,
    maxMs,
    isInLedger,
  }: {
    readonly name: string
    readonly standing: SourceStanding | undefined
    readonly wanted: string | undefined
    readonly maxMs: number | undefined
    readonly isInLedger: boolean
  },
): Shortfall {
  const asOfMs = standing?.asOfMs
  return {
    source: name,
    min_position: whole(wanted),
    max_staleness_ms: maxMs ?? null,
    position: whole(standing?.lowest),
    as_of: asOfMs === undefined ? null : new Date(asOfMs).toISOString(),
    lag_ms: asOfMs === undefined ? null : Math.max(0, clock.now() - asOfMs),
    waits_for: isInLedger ? 'word index' : 'source',
    behind: standing === undefined ? 0 : Math.max(0, standing.head - standing.projected),
    syncing: standing?.syncing ?? false,
  }
}

/** A part of a position is none. */
function whole(position: string | undefined): string | null {
  return position === undefined || position.length > longestPosition ? null : position
}

const longestPosition = 1000
const mostTold = 10

export function tellShortfalls(shortfalls: readonly Shortfall[]): string {
  const told = shortfalls.slice(0, mostTold).map(tell)
  if (shortfalls.length > mostTold) told.push(`and ${shortfalls.length - mostTold} more`)
  return told.join('; ')
}

function tell(one: Shortfall): string {
  if (one.waits_for === 'word index') {
    return `${one.source} has been read so far, but its word index is ${one.behind.toLocaleString('en-US')} changes behind`
  }
  const parts: string[] = []
  if (one.min_position !== null) {
    parts.push(
      `stands at ${short(one.position ?? 'no position that can be shown')} (asked for ${short(one.min_position)})`,
    )
  }
  const asked = one.max_staleness_ms === null ? '' : ` (asked for at most ${seconds(one.max_staleness_ms)})`
  parts.push(
    one.lag_ms === null ? 'has never been read to its end' : `was last in step ${seconds(one.lag_ms)} ago${asked}`,
  )
  if (!one.syncing) parts.push('no process syncs it now')
  return `${one.source} ${parts.join(', ')}`
}

const seconds = (ms: number): string => `${(ms / 1000).toLocaleString('en-US', { maximumFractionDigits: 1 })} s`
const short = (position: string): string => (position.length > 100 ? `${position.slice(0, 100)}…` : position)
