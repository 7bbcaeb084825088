/** How good one ranking of document ids is. All in [0, 1]. */
export interface Measures {
  readonly ndcg10: number
  readonly mrr10: number
  readonly recall10: number
  readonly recall100: number
}

/** Judges a ranking without repeats, best first. nDCG with the graded relevance itself as gain, as trec_eval does. */
export function measure(ranking: readonly string[], relevant: ReadonlyMap<string, number>): Measures {
  const top = ranking.slice(0, 10)
  const gains = top.map((id) => relevant.get(id) ?? 0)
  const ideal = [...relevant.values()].sort((a, b) => b - a).slice(0, 10)
  const first = gains.findIndex((gain) => gain > 0)
  const found = (depth: number): number => ranking.slice(0, depth).filter((id) => (relevant.get(id) ?? 0) > 0).length
  return {
    ndcg10: discounted(gains) / discounted(ideal),
    mrr10: first < 0 ? 0 : 1 / (first + 1),
    recall10: found(10) / relevant.size,
    recall100: found(100) / relevant.size,
  }
}

export function mean(all: readonly Measures[]): Measures {
  const of = (name: keyof Measures): number => all.reduce((sum, one) => sum + one[name], 0) / Math.max(1, all.length)
  return { ndcg10: of('ndcg10'), mrr10: of('mrr10'), recall10: of('recall10'), recall100: of('recall100') }
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0)
}

/** The value below which this share of the others lies (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0
}

/** Mean difference with its 95 % interval by paired bootstrap over the questions (10,000 draws, fixed seed). */
export function compareRuns(
  now: readonly number[],
  before: readonly number[],
): { mean: number; low: number; high: number } {
  const differences = now.map((value, index) => value - (before[index] ?? 0))
  const n = differences.length
  const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, n)
  let state = 1
  const draw = (): number => {
    // Numerical Recipes' linear congruential generator: good enough to resample, and the same everywhere.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
  const means = Array.from({ length: 10_000 }, () => average(differences.map(() => differences[draw()] ?? 0)))
  return { mean: average(differences), low: percentile(means, 0.025), high: percentile(means, 0.975) }
}
