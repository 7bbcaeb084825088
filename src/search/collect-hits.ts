import { recordOfChunk } from '../core/chunk-address.ts'
import type { FoundChunk } from '../core/ledger-search.ts'
import type { Candidate } from './fuse.ts'
import type { Retrieved } from './retrieve.ts'
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
  { candidates, early }: Pick<Retrieved, 'candidates' | 'early'>,
  wanted: number,
): Promise<readonly FoundHit[]> {
  const hits: FoundHit[] = []
  const seen = new Set<number>()
  const asked = new Set(early.asked)
  const read = new Map(early.found.map((row) => [row.chunk, row]))
  for (const [place, candidate] of candidates.entries()) {
    if (hits.length >= wanted) break
    const { chunk } = candidate
    const record = recordOfChunk(chunk)
    if (seen.has(record)) continue
    if (!asked.has(chunk)) {
      const next = candidates.slice(place, place + slice).map((one) => one.chunk)
      const chunks = next.filter((one) => !asked.has(one))
      for (const one of chunks) asked.add(one)
      for (const row of await ledger.readChunks({ chunks, filter })) read.set(row.chunk, row)
    }
    const row = read.get(chunk)
    if (row === undefined) continue
    seen.add(record)
    hits.push({ ...row, candidate })
  }
  return hits
}
