import { readableBy, type Caller } from '../core/caller.ts'
import { AquiferError } from '../core/errors.ts'
import type { SourceStanding } from '../core/ledger-feed.ts'
import { notOne, type FreshnessDemand } from './freshness-demand.ts'
import type { SearchPlan } from './plan-search.ts'
import { openReachedMarks, type Reached } from './reached-marks.ts'
import type { SearchContext } from './search-context.ts'
import { toShortfall, tellShortfalls, type Shortfall } from './shortfall.ts'

const firstPauseMs = 100
const longestPauseMs = 1000
/** Beyond so many in this process nobody waits, so that waiting does not take the place of searching. */
const mostWaiting = 32
let waiting = 0

interface Waiting {
  readonly demand: FreshnessDemand
  readonly caller: Caller
  readonly signal: AbortSignal | undefined
}

/**
 * Returns once the sources that this search looks at are as fresh as it demands, in the ledger and in the store of the words,
 * and that can be searched; FRESHNESS_NOT_REACHED after its time. In between it only asks where they stand.
 */
export async function awaitFreshness(
  context: SearchContext,
  plan: SearchPlan,
  { demand, caller, signal }: Waiting,
): Promise<ReadonlyMap<string, Reached>> {
  const { clock, projection } = context
  const startedMs = clock.passed()
  const deadlineMs = startedMs + (waiting >= mostWaiting ? 0 : demand.waitMs)
  const look = await openLook(context, plan, demand, caller)
  waiting += 1
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
      const { shortfalls, reached, generation } = await look()
      signal?.throwIfAborted()
      if (shortfalls.length === 0) {
        // Written is not yet found.
        if (generation !== undefined) await projection?.refresh(generation)
        return reached
      }
      const leftMs = deadlineMs - clock.passed()
      if (leftMs <= 0) throw notReached(shortfalls, clock.passed() - startedMs)
      await clock.sleep(Math.min(leftMs, pauseMs * (0.8 + Math.random() * 0.4)), signal)
      signal?.throwIfAborted()
    }
  } finally {
    waiting -= 1
  }
}

interface Look {
  readonly shortfalls: readonly Shortfall[]
  readonly reached: ReadonlyMap<string, Reached>
  readonly generation: number | undefined
}

/** Which sources it is about is settled once, with what the caller may see; then only those are asked for. */
async function openLook(
  context: SearchContext,
  plan: SearchPlan,
  { positions, maxStalenessMs }: FreshnessDemand,
  caller: Caller,
): Promise<() => Promise<Look>> {
  const { ledger, clock } = context
  const projection = context.projection?.name
  const aged =
    maxStalenessMs === undefined ? [] : (plan.filter.sources ?? (await searchedSources(context, projection, caller)))
  const names = [...new Set([...positions.keys(), ...aged])].toSorted()
  const marks = openReachedMarks()
  return async () => {
    const { generation, sources } = await ledger.standings({ projection, readable: undefined, sources: names })
    const reached = new Map<string, Reached>()
    const shortfalls = names.flatMap((name): readonly Shortfall[] => {
      const standing = sources.find(({ source }) => source === name)
      const here = standing === undefined ? nowhere : marks.observe(standing)
      reached.set(name, here)
      const asked = positions.get(name)
      const isThere = (at: string | undefined): boolean => asked === undefined || covers(name, asked, at)
      const isYoung = (at: number | undefined): boolean =>
        !aged.includes(name) || maxStalenessMs === undefined || (at !== undefined && clock.now() - at <= maxStalenessMs)
      if (isThere(here.position) && isYoung(here.asOfMs)) return []
      const isInLedger = isThere(standing?.position) && isYoung(standing?.asOfMs)
      const maxMs = aged.includes(name) ? maxStalenessMs : undefined
      return [toShortfall(context, { name, standing, wanted: asked?.text, maxMs, isInLedger })]
    })
    return { shortfalls, reached, generation }
  }
}

const nowhere: Reached = { position: undefined, asOfMs: undefined }

function covers(
  source: string,
  { text, order }: { text: string; order: Parameters<typeof notOne>[2] },
  at: string | undefined,
): boolean {
  const isCovered = at === undefined ? false : order.covers(at, text)
  if (isCovered === undefined) throw notOne(source, text, order)
  return isCovered
}

/** Everything that a search without names looks at: what the caller can read of; for an administrator also what was never read. */
async function searchedSources(
  { ledger, sources }: SearchContext,
  projection: string | undefined,
  caller: Caller,
): Promise<readonly string[]> {
  const found = await ledger.standings({ projection, readable: readableBy(caller), sources: undefined })
  const names = found.sources.map(({ source }: SourceStanding) => source)
  return caller.admin ? [...new Set([...names, ...Object.keys(sources)])] : names
}

/** An answer to a client is cut at some 50,000 characters. */
const mostDetailed = 30

function notReached(shortfalls: readonly Shortfall[], waitedMs: number): AquiferError {
  const waited = Math.round(waitedMs)
  const seconds = (waited / 1000).toFixed(1)
  const shown = shortfalls.slice(0, mostDetailed).map((one) => ({ ...one }))
  return new AquiferError('FRESHNESS_NOT_REACHED', `Not reached after ${seconds} s: ${tellShortfalls(shortfalls)}.`, {
    details: { waited_ms: waited, sources: shown, more: shortfalls.length - shown.length },
  })
}
