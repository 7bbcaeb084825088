import { recordOfChunk } from '../core/chunk-address.ts'
import type { FoundChunk } from '../core/ledger-search.ts'
import type { Candidate } from './fuse.ts'
import type { SearchPlan } from './plan-search.ts'
import type { SearchContext } from './search-context.ts'

/** A record found, by its best passage that the caller may read now. */
export interface FoundHit extends FoundChunk {
  readonly candidate: Candidate
}

/** No more in one query than this. */
const largestSlice = 40

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
  const read = new Map<number, FoundChunk | undefined>()
  for (const [place, candidate] of candidates.entries()) {
    if (hits.length >= wanted) break
    const { chunk } = candidate
    const record = recordOfChunk(chunk)
    if (seen.has(record)) continue
    if (!read.has(chunk)) {
      const chunks = firstOf(candidates.slice(place), wanted - hits.length, seen)
      for (const one of chunks) read.set(one, undefined)
      for (const row of await ledger.readChunks({ chunks, filter })) read.set(row.chunk, row)
    }
    const row = read.get(chunk)
    if (row === undefined) continue
    seen.add(record)
    hits.push({ ...row, candidate })
  }
  return hits
}

/** As many of the first as it takes to see so many new records. */
function firstOf(candidates: readonly Candidate[], records: number, seen: ReadonlySet<number>): number[] {
  const chunks: number[] = []
  const found = new Set<number>()
  for (const { chunk } of candidates) {
    if (found.size >= records || chunks.length >= largestSlice) break
    const record = recordOfChunk(chunk)
    if (seen.has(record)) continue
    found.add(record)
    chunks.push(chunk)
  }
  return chunks
}
