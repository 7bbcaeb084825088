import type { ScoredChunk } from '../core/lexical.ts'
import { fuse } from './fuse.ts'

interface Legs {
  readonly lexical: readonly ScoredChunk[]
  readonly vector: readonly ScoredChunk[]
  /** Cosines of what only the lexical leg found. */
  readonly vectorOthers: readonly ScoredChunk[]
  /** How many a leg was asked for. */
  readonly depth: number
  /** So many places have to come out right. */
  readonly keep: number
}

/**
 * Which of the chunks that only the vector leg found can still reach the first `keep` places. What the lexical leg did
 * not return scores at most what its last one does, and nothing at all when it returned fewer than it was asked for; so a
 * chunk whose best possible score stays below that of `keep` others need not be scored by words (the threshold algorithm
 * of Fagin, Lotem and Naor, 2003).
 */
export function worthScoring({ lexical, vector, vectorOthers, depth, keep }: Legs): readonly number[] {
  const last = lexical.at(-1)
  const best = lexical[0]
  if (last === undefined || best === undefined || lexical.length < depth) return []
  const found = new Set(lexical.map(({ chunk }) => chunk))
  const others = vector.filter(({ chunk }) => !found.has(chunk))
  const exact = fuse({ found: lexical, others: [] }, { found: vector, others: vectorOthers }).filter(({ chunk }) =>
    found.has(chunk),
  )
  const threshold = exact[keep - 1]?.score ?? 0
  const bestCosine = vector[0]?.score ?? 0
  const unseen = (0.5 * last.score) / best.score
  return others
    .filter(({ score }) => unseen + (bestCosine > 0 ? (0.5 * Math.max(0, score)) / bestCosine : 0) >= threshold)
    .map(({ chunk }) => chunk)
}
