import { AquiferError, toAquiferError } from '../core/errors.ts'
import type { FoundChunk } from '../core/ledger-search.ts'
import type { ScoredChunk } from '../core/lexical.ts'
import { fuse, type Candidate } from './fuse.ts'
import type { SearchPlan } from './plan-search.ts'
import type { SearchContext } from './search-context.ts'
import { worthScoring } from './worth-scoring.ts'

export interface Retrieved {
  readonly candidates: readonly Candidate[]
  readonly notices: readonly string[]
  /** What is likely to be shown was read while the legs scored each other's finds. */
  readonly early: { readonly asked: ReadonlySet<number>; readonly found: readonly FoundChunk[] }
  /** Passages that can't be among the first `keep` were left out. */
  readonly pruned: boolean
  /** A leg gave as many as it was asked for: there may be more behind. */
  readonly deeper: boolean
}

/** So many of each leg's best are read early; most answers hold nothing else. */
const likely = 30

export type LegName = 'lexical' | 'vector'

interface RetrieveOptions {
  /** So many places have to come out right. */
  readonly keep: number
  readonly signal?: AbortSignal | undefined
  readonly only?: LegName
}

/** Both legs at once, then each scores what only the other found. A leg that is away is said, and the other answers. */
export async function retrieve(
  context: SearchContext,
  plan: SearchPlan,
  depth: number,
  { keep, signal, only }: RetrieveOptions,
): Promise<Retrieved> {
  const { ledger, lexical } = context
  const { query, filter, languages } = plan
  const notices: string[] = []
  const embedded = only === 'lexical' ? undefined : embedQuery(context, query, signal)
  const [vector, words, found] = await Promise.all([
    embedded?.catch(() => undefined),
    lexical === undefined || only === 'vector'
      ? undefined
      : attempt(lexical.search({ text: query, filter, limit: depth })),
    embedded === undefined
      ? undefined
      : attempt(
          embedded.then((vector) => ledger.vectorLeg({ vector, model: context.embedder.model, filter, limit: depth })),
        ),
  ])
  signal?.throwIfAborted()
  const failures = [words, found].flatMap((leg) => (leg instanceof AquiferError ? [leg] : []))
  const meaning = found instanceof AquiferError ? undefined : found
  const matched = words instanceof AquiferError ? undefined : words
  // A question that no leg could look into has no answer, not an empty one.
  if (meaning === undefined && matched === undefined && failures[0] !== undefined) throw failures[0]
  if (lexical === undefined) notices.push('Found by meaning only: this deployment keeps no word index (lexical: none).')
  if (words instanceof AquiferError) notices.push(`Found by meaning only: ${words.message}`)
  if (found instanceof AquiferError) notices.push(`Found by words only: ${found.message}`)
  const asked = new Set(
    [...(matched ?? []).slice(0, likely), ...(meaning ?? []).slice(0, likely)].map(({ chunk }) => chunk),
  )
  const early = ledger.readChunks({ chunks: [...asked], filter })
  // Awaited below, after others that may fail first.
  early.catch(() => undefined)
  const otherMeaning =
    vector === undefined || meaning === undefined
      ? []
      : await ledger.vectorScores({ vector, chunks: missing(matched, meaning) })
  const worth =
    matched === undefined || meaning === undefined
      ? []
      : worthScoring({ lexical: matched, vector: meaning, vectorOthers: otherMeaning, depth, keep })
  const otherWords =
    lexical === undefined || worth.length === 0 ? [] : await lexical.score(query, worth, languages).catch(() => [])
  const shown = new Set([...(matched ?? []).map(({ chunk }) => chunk), ...worth])
  const isLexicalFull = matched !== undefined && matched.length >= depth
  const hopeless = isLexicalFull ? missing(meaning, matched).filter((chunk) => !shown.has(chunk)) : []
  const hopelessSet = new Set(hopeless)
  return {
    candidates: fuse(
      matched === undefined ? undefined : { found: matched, others: otherWords },
      meaning === undefined ? undefined : { found: meaning, others: otherMeaning },
    ).filter(({ chunk }) => !hopelessSet.has(chunk)),
    pruned: hopeless.length > 0,
    notices,
    early: { asked, found: await early },
    deeper: (matched?.length ?? 0) >= depth || (meaning?.length ?? 0) >= depth,
  }
}

async function embedQuery({ embedder }: SearchContext, query: string, signal?: AbortSignal): Promise<Float32Array> {
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

function missing(from: readonly ScoredChunk[] | undefined, known: readonly ScoredChunk[]): number[] {
  const has = new Set(known.map(({ chunk }) => chunk))
  return (from ?? []).map(({ chunk }) => chunk).filter((chunk) => !has.has(chunk))
}
