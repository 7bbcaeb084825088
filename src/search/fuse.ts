import type { ScoredChunk } from '../core/ledger-search.ts'

/** A candidate with what each leg says of it; `rank` where the leg itself returned it, from 1. */
export interface Candidate {
  readonly chunk: number
  readonly score: number
  readonly lexical: LegScore | undefined
  readonly vector: LegScore | undefined
}

export interface LegScore {
  readonly score: number
  readonly rank: number | undefined
}

export interface Leg {
  /** What the leg found, best first. */
  readonly found: readonly ScoredChunk[]
  /** Its scores of chunks that only the other leg found. */
  readonly others: readonly ScoredChunk[]
}

/**
 * Convex combination over the union of both legs, each passage scored by both: ½ · bm25 / best bm25 +
 * ½ · max(0, cosine) / best cosine (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2022,
 * scaled by the best instead of min-max). With one leg only, that leg counts whole.
 */
export function fuse(lexical: Leg | undefined, vector: Leg | undefined, lexicalWeight = 0.5): readonly Candidate[] {
  const words = scoresOf(lexical)
  const meaning = scoresOf(vector)
  const weight = lexical === undefined ? 0 : vector === undefined ? 1 : lexicalWeight
  const bestWords = best(words)
  const bestMeaning = best(meaning)
  const chunks = new Set([...words.keys(), ...meaning.keys()])
  const candidates = [...chunks].map((chunk): Candidate => {
    const w = words.get(chunk)
    const m = meaning.get(chunk)
    const score =
      (bestWords > 0 ? (weight * (w?.score ?? 0)) / bestWords : 0) +
      (bestMeaning > 0 ? ((1 - weight) * Math.max(0, m?.score ?? 0)) / bestMeaning : 0)
    return { chunk, score, lexical: w, vector: m }
  })
  // Equal scores in the order of their addresses, so that the same question has the same answer.
  return candidates.sort((a, b) => b.score - a.score || a.chunk - b.chunk)
}

function scoresOf(leg: Leg | undefined): Map<number, LegScore> {
  const scores = new Map<number, LegScore>()
  for (const { chunk, score } of leg?.others ?? []) scores.set(chunk, { score, rank: undefined })
  for (const [index, { chunk, score }] of (leg?.found ?? []).entries()) scores.set(chunk, { score, rank: index + 1 })
  return scores
}

function best(scores: ReadonlyMap<number, LegScore>): number {
  let top = 0
  for (const { score } of scores.values()) if (score > top) top = score
  return top
}
