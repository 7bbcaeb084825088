import type { Caller } from '../../core/caller.ts'
import { estimateTokens } from '../../core/tokens.ts'
import type { Candidate } from '../../search/fuse.ts'
import { collectHits } from '../../search/collect-hits.ts'
import { createKnowledge } from '../../search/knowledge.ts'
import { planSearch } from '../../search/plan-search.ts'
import { retrieve, type LegName } from '../../search/retrieve.ts'
import type { SearchContext } from '../../search/search-context.ts'
import { measure, type Measures } from './measures.ts'
import type { Dataset } from './read-dataset.ts'

export interface Judged {
  readonly id: string
  readonly fused: Measures
  readonly lexical?: Measures
  readonly vector?: Measures
  readonly tookMs: number
  /** Tokens of text in the first ten hits. */
  readonly tokens: number
}

/** A leg is looked at so deep that its best hundred documents are among what it finds. */
const legDepth = 400

interface JudgeOptions {
  readonly dataset: Dataset
  readonly caller: Caller
  readonly legs: boolean
  readonly signal: AbortSignal
  readonly onQuestion: (done: number, of: number) => void
}

/** Asks every question as an agent would, and each leg alone. A document's id is its key, or its whole record id. */
export async function judge(context: SearchContext, options: JudgeOptions): Promise<readonly Judged[]> {
  const { dataset, caller, legs, signal } = options
  const knowledge = createKnowledge(context)
  const judged: Judged[] = []
  for (const { id, text } of dataset.questions) {
    signal.throwIfAborted()
    const relevant = dataset.relevant.get(id) ?? new Map<string, number>()
    const query = text.slice(0, 4000)
    const started = performance.now()
    const first = await knowledge.search({ query, limit: 10, tokenBudget: 100_000, neighbours: 0 }, caller, signal)
    const tookMs = performance.now() - started
    const deep = await knowledge.search({ query, limit: 100, tokenBudget: 100_000, neighbours: 0 }, caller, signal)
    const idOf = (recordId: string): string =>
      dataset.corpus === undefined ? recordId : recordId.slice(recordId.indexOf(':') + 1)
    const top = measure(
      first.hits.map((hit) => idOf(hit.id)),
      relevant,
    )
    const whole = measure(
      deep.hits.map((hit) => idOf(hit.id)),
      relevant,
    )
    const alone = async (leg: LegName): Promise<Measures> =>
      measure(await rankingOf(context, query, caller, leg, idOf), relevant)
    judged.push({
      id,
      fused: { ...top, recall100: whole.recall100 },
      ...(legs && context.lexical !== undefined ? { lexical: await alone('lexical') } : {}),
      ...(legs ? { vector: await alone('vector') } : {}),
      tookMs,
      tokens: first.hits.reduce((sum, hit) => sum + estimateTokens(hit.text), 0),
    })
    options.onQuestion(judged.length, dataset.questions.length)
  }
  return judged
}

async function rankingOf(
  context: SearchContext,
  query: string,
  caller: Caller,
  leg: LegName,
  idOf: (recordId: string) => string,
): Promise<string[]> {
  const plan = await planSearch(context, { query, limit: 100 }, caller)
  const { candidates } = await retrieve(context, plan, legDepth, {
    keep: Number.POSITIVE_INFINITY,
    // Nothing is mapped anew in the ledger of a data set.
    hidden: [],
    only: leg,
  })
  const found: readonly Candidate[] = candidates.filter((candidate) => candidate[leg]?.rank !== undefined)
  const hits = await collectHits(context, plan, found, 100)
  return hits.map(({ source, key }) => idOf(`${source}:${key}`))
}
