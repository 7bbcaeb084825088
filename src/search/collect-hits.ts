import { recordOfChunk } from '../core/chunk-address.ts'
import type { FoundChunk } from '../core/ledger-search.ts'
import type { Candidate } from './fuse.ts'
import type { SearchPlan } from './plan-search.ts'
import type { SearchContext } from './search-context.ts'

/** A record found, by its best passage that the caller may read now. */
export interface FoundHit extends FoundChunk {
  readonly candidate: Candidate
}

const slice = 40

/**
 * The best passage of each record, in order, re-read and authorised from the ledger; what the ledger no longer holds or
 * the caller may not read is passed over, and the next in line takes its place.
 */
export async function collectHits(
  { ledger }: SearchContext,
  { filter }: SearchPlan,
  candidates: readonly Candidate[],
  wanted: number,
): Promise<readonly FoundHit[]> {
  const hits: FoundHit[] = []
  const seen = new Set<number>()
  for (let from = 0; from < candidates.length && hits.length < wanted; from += slice) {
    const some = candidates.slice(from, from + slice)
    const found = await ledger.readChunks({ chunks: some.map(({ chunk }) => chunk), filter })
    const byChunk = new Map(found.map((row) => [row.chunk, row]))
    for (const candidate of some) {
      const row = byChunk.get(candidate.chunk)
      const record = recordOfChunk(candidate.chunk)
      if (row === undefined || seen.has(record) || hits.length >= wanted) continue
      seen.add(record)
      hits.push({ ...row, candidate })
    }
  }
  return hits
}
