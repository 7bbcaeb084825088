import type { ScoredChunk } from '../core/ledger-search.ts'
import { recordOfChunk } from '../core/chunk-address.ts'
import { fuse, type Candidate, type Leg } from './fuse.ts'

interface Legs {
  /** What is known of the words: of the leg's best, and of what the other leg found. */
  readonly lexical: Leg
  readonly vector: Leg
  /** The most that the words of any other chunk can score: what the last one has that was asked for. */
  readonly unseen: number
  /** The first so many records have to come out right. */
  readonly keep: number
}

/**
 * Which of the chunks whose words were not scored can still put their record among the first `keep`: those whose best
 * possible score is not below that of `keep` records (the threshold algorithm of Fagin, Lotem and Naor, 2003).
 */
export function worthScoring({ lexical, vector, unseen, keep }: Legs): readonly number[] {
  const best = lexical.found[0]
  if (best === undefined || unseen <= 0) return []
  const known = new Set([...lexical.found, ...lexical.others].map(({ chunk }) => chunk))
  const unknown = vector.found.filter(({ chunk }) => !known.has(chunk))
  const exact = fuse(lexical, vector).filter(({ chunk }) => known.has(chunk))
  const threshold = scoreOfRecord(exact, keep)
  const most = fuse(
    { ...lexical, others: [...lexical.others, ...unknown.map(({ chunk }): ScoredChunk => ({ chunk, score: unseen }))] },
    vector,
  )
  const hopeful = new Set(most.filter(({ score }) => score >= threshold).map(({ chunk }) => chunk))
  return unknown.map(({ chunk }) => chunk).filter((chunk) => hopeful.has(chunk))
}

/** The score of the best chunk of the record in this place; 0 where there are fewer records. */
function scoreOfRecord(ranked: readonly Candidate[], place: number): number {
  const records = new Set<number>()
  for (const { chunk, score } of ranked) if (records.add(recordOfChunk(chunk)).size >= place) return score
  return 0
}
