import { join } from 'node:path'
import type { GlobalOptions, Run } from '../run.ts'
import { table } from '../table.ts'
import { judge, type Judged } from './judge.ts'
import { compareRuns, mean, percentile, type Measures } from './measures.ts'
import { openDataset } from './open-dataset.ts'
import { readDataset } from './read-dataset.ts'
import { loadRun, saveRun } from './saved-runs.ts'

export interface EvalFlags extends GlobalOptions {
  readonly legs?: boolean
  readonly save?: string
  readonly against?: string
}

/** Judges a dataset and prints what came of it. */
export async function evaluate(run: Run, dir: string, flags: EvalFlags): Promise<void> {
  const dataset = await readDataset(dir)
  const folder = join(run.dir, '.aquifer', 'eval-runs')
  const before = flags.against === undefined ? undefined : await loadRun(folder, flags.against)
  await using app = await openDataset(run, dataset)
  let told = 0
  const judged = await judge(app.search(), {
    dataset,
    caller: app.config.access.local,
    legs: flags.legs === true || flags.json === true,
    signal: run.signal,
    onQuestion: (done, of) => {
      if (performance.now() - told < 5000) return
      told = performance.now()
      run.say(`${String(done)} of ${String(of)} questions`)
    },
  })
  const documents = (await app.ledger.status()).sources.reduce((sum, { records }) => sum + records, 0)
  const scores = Object.fromEntries(judged.map(({ id, fused }) => [id, fused.ndcg10]))
  if (flags.save !== undefined) await saveRun(folder, flags.save, { dataset: dataset.name, ndcg10: scores })
  const shared = judged.filter(({ id }) => before?.ndcg10[id] !== undefined)
  const change =
    before === undefined
      ? undefined
      : compareRuns(
          shared.map(({ fused }) => fused.ndcg10),
          shared.map(({ id }) => before.ndcg10[id] ?? 0),
        )
  const result = {
    dataset: dataset.name,
    documents,
    questions: judged.length,
    results: resultsOf(judged),
    latency_ms: {
      p50: round(
        percentile(
          judged.map(({ tookMs }) => tookMs),
          0.5,
        ),
      ),
      p95: round(
        percentile(
          judged.map(({ tookMs }) => tookMs),
          0.95,
        ),
      ),
    },
    tokens_per_answer: Math.round(judged.reduce((sum, { tokens }) => sum + tokens, 0) / judged.length),
    ...(change === undefined ? {} : { change: { against: flags.against, ndcg10: change } }),
  }
  run.print(result, () => toText(result))
}

type Result = {
  dataset: string
  documents: number
  questions: number
  results: Partial<Record<'lexical' | 'vector' | 'fused', Measures>>
  latency_ms: { p50: number; p95: number }
  tokens_per_answer: number
  change?: { against: string | undefined; ndcg10: { mean: number; low: number; high: number } }
}

function resultsOf(judged: readonly Judged[]): Result['results'] {
  const leg = (name: 'lexical' | 'vector'): Measures | undefined => {
    const measured = judged.flatMap((one) => one[name] ?? [])
    return measured.length === 0 ? undefined : mean(measured)
  }
  const [lexical, vector] = [leg('lexical'), leg('vector')]
  return {
    ...(lexical === undefined ? {} : { lexical }),
    ...(vector === undefined ? {} : { vector }),
    fused: mean(judged.map(({ fused }) => fused)),
  }
}

function toText({ dataset, documents, questions, results, latency_ms, tokens_per_answer, change }: Result): string {
  const rows = Object.entries(results).map(([name, { ndcg10, mrr10, recall10, recall100 }]) => [
    name,
    ...[ndcg10, mrr10, recall10, recall100].map((value) => value.toFixed(3)),
  ])
  const parts = [
    `${dataset}: ${String(questions)} questions over ${String(documents)} documents`,
    table(['', 'nDCG@10', 'MRR@10', 'recall@10', 'recall@100'], rows),
    `A search takes ${String(latency_ms.p50)} ms (p95 ${String(latency_ms.p95)} ms) and answers ${String(tokens_per_answer)} tokens.`,
  ]
  if (change !== undefined) {
    const { mean: by, low, high } = change.ndcg10
    parts.push(
      `nDCG@10 against ${change.against ?? ''}: ${by >= 0 ? '+' : ''}${by.toFixed(3)} (95 % between ${low.toFixed(3)} and ${high.toFixed(3)})`,
    )
  }
  return parts.join('\n\n')
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
