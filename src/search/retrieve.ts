import type { ScoredChunk } from '../core/ledger-search.ts'
import type { Embedder } from '../core/embedder.ts'
import { AquiferError, toAquiferError } from '../core/errors.ts'
import { fuse, type Candidate, type Leg } from './fuse.ts'
import type { SearchPlan } from './plan-search.ts'
import type { SearchContext } from './search-context.ts'
import { worthScoring } from './worth-scoring.ts'

export interface Retrieved {
  readonly candidates: readonly Candidate[]
  readonly notices: readonly string[]
  /** Passages that can't be among the first `keep` were left out. */
  readonly pruned: boolean
  /** A leg gave as many as it was asked for: there may be more behind. */
  readonly deeper: boolean
}

/** The words of so many are scored at once: what the other leg finds is mostly among them, and needs no call of its own. */
const reach = 400

export type LegName = 'lexical' | 'vector'

interface RetrieveOptions {
  /** The first so many records have to come out right. */
  readonly keep: number
  /** Ids of editions that are not to be found. */
  readonly hidden: readonly number[]
  readonly signal?: AbortSignal | undefined
  readonly only?: LegName
}

/** Both legs at once, and each scores what only the other found. A leg that is away is said, and the other answers. */
export async function retrieve(
  context: SearchContext,
  plan: SearchPlan,
  depth: number,
  { keep, hidden, signal, only }: RetrieveOptions,
): Promise<Retrieved> {
  const { lexical } = context
  const { query, filter, languages } = plan
  const asked = Math.max(depth, reach)
  const searching =
    lexical === undefined || only === 'vector'
      ? undefined
      : lexical.search({ text: query, filter, hidden, limit: asked })
  const [words, meaning] = await Promise.all([
    searching === undefined ? undefined : attempt(searching),
    only === 'lexical' ? undefined : attempt(meaningLeg(context, plan, depth, searching, signal)),
  ])
  signal?.throwIfAborted()
  const notices: string[] = []
  if (lexical === undefined) notices.push('Found by meaning only: this deployment keeps no word index (lexical: none).')
  if (words instanceof AquiferError) notices.push(`Found by meaning only: ${words.message}`)
  if (meaning instanceof AquiferError) notices.push(`Found by words only: ${meaning.message}`)
  const vector = meaning instanceof AquiferError ? undefined : meaning
  if (words === undefined || words instanceof AquiferError) {
    // A question that no leg could look into has no answer, not an empty one.
    if (vector === undefined && words !== undefined) throw words
    if (vector === undefined && meaning instanceof AquiferError) throw meaning
    return { candidates: fuse(undefined, vector), notices, pruned: false, deeper: isFull(vector?.found, depth) }
  }
  const near = new Set(vector?.found.map(({ chunk }) => chunk))
  const leg: Leg = { found: words.slice(0, depth), others: words.slice(depth).filter(({ chunk }) => near.has(chunk)) }
  const unseen = words.length < asked ? 0 : (words.at(-1)?.score ?? 0)
  const worth = vector === undefined ? [] : worthScoring({ lexical: leg, vector, unseen, keep })
  const scored =
    lexical === undefined || worth.length === 0 ? [] : await lexical.score(query, worth, languages).catch(() => [])
  const candidates = fuse({ ...leg, others: [...leg.others, ...scored] }, vector)
  const hopeful = new Set(worth)
  const shown =
    unseen === 0 ? candidates : candidates.filter((one) => one.lexical !== undefined || hopeful.has(one.chunk))
  return {
    candidates: shown,
    notices,
    pruned: shown.length < candidates.length,
    deeper: isFull(words, depth) || isFull(vector?.found, depth),
  }
}

function isFull(found: readonly ScoredChunk[] | undefined, depth: number): boolean {
  return (found?.length ?? 0) >= depth
}

/** The nearest to the question, and how near the best by words are: one query, for the words are mostly there first. */
async function meaningLeg(
  { ledger, embedder }: SearchContext,
  { query, filter }: SearchPlan,
  depth: number,
  searching: Promise<readonly ScoredChunk[]> | undefined,
  signal: AbortSignal | undefined,
): Promise<Leg> {
  const [vector, words] = await Promise.all([embedQuery(embedder, query, signal), searching?.catch(() => undefined)])
  const also = (words ?? []).slice(0, depth).map(({ chunk }) => chunk)
  const { found, others } = await ledger.vectorLeg({ vector, model: embedder.model, filter, limit: depth, also })
  const known = new Set(found.map(({ chunk }) => chunk))
  return { found, others: others.filter(({ chunk }) => !known.has(chunk)) }
}

async function embedQuery(embedder: Embedder, query: string, signal?: AbortSignal): Promise<Float32Array> {
  const { vectors } = await embedder.embed([query], signal === undefined ? { as: 'query' } : { as: 'query', signal })
  const [vector] = vectors
  if (vector instanceof Float32Array) return vector
  throw vector ?? new AquiferError('EMBEDDING_REJECTED', 'The model gave no vector for the query.')
}

/** What is away for now is a notice; anything else is an error of the whole search. */
async function attempt<T>(leg: Promise<T>): Promise<T | AquiferError> {
  try {
    return await leg
  } catch (thrown) {
    const error = toAquiferError(thrown)
    if (error.kind === 'unavailable' || error.code === 'EMBEDDING_REJECTED') return error
    throw thrown
  }
}
