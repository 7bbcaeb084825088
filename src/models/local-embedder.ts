import { availableParallelism } from 'node:os'
import type { Embedder } from '../core/embedder.ts'
import { AquiferError } from '../core/errors.ts'
import { localDimensions, localMaxTokens, localModel } from './local-messages.ts'
import { startLocalThread } from './local-thread.ts'
import type { LocalThread } from './local-thread.ts'
import { rejected } from './rejected.ts'
import { unitVector } from './unit-vector.ts'

export interface LocalEmbedderOptions {
  /** So many threads hold the model when there is much to do; the default is one a core, and four at most. */
  readonly threads?: number
  /** Cores that one batch may use. More than one gains little: the weights have to pass through the memory anyway. */
  readonly cores?: number
}

/** Fewer are not worth another thread. */
const textsPerThread = 8

/**
 * The model that needs no server and no key, in threads of its own. Opening is free: the first thread starts with the
 * first `ready` or `embed`, the others with the first long job, and any again with the next call after it died
 * (EMBEDDING_LOCAL).
 */
export function openLocalEmbedder(options: LocalEmbedderOptions = {}): Embedder {
  const { threads = Math.min(4, availableParallelism()), cores = 1 } = options
  const team: LocalThread[] = []
  let closed = false
  const member = (place: number): LocalThread => {
    if (closed) throw new AquiferError('CANCELLED', 'The embedding model is closed.')
    const thread = team[place]
    if (thread !== undefined && !thread.ended()) return thread
    return (team[place] = startLocalThread({ cores }))
  }
  const idlest = (): LocalThread =>
    team.filter((thread) => !thread.ended()).reduce((a, b) => (b.waiting() < a.waiting() ? b : a), member(0))
  const choose = (texts: number, as: 'passage' | 'query'): readonly LocalThread[] => {
    const wanted = as === 'query' ? 1 : Math.min(threads, Math.ceil(texts / textsPerThread))
    return wanted <= 1 ? [idlest()] : Array.from({ length: wanted }, (_, place) => member(place))
  }
  return {
    // Names the weights too: other roundings of the same model give other vectors.
    model: `local/${localModel}-w8/${localDimensions}`,
    dimensions: localDimensions,
    maxTokens: localMaxTokens,
    ready: async () => member(0).ready(),
    embed: async (texts, { as, signal }) => {
      if (texts.length === 0) return { vectors: [], tokens: 0, cost: 0 }
      const chosen = choose(texts.length, as)
      // Dealt out like cards: neighbours are of like length, so each thread gets as much to do.
      const parts = await Promise.all(
        chosen.map((thread, place) =>
          thread.embed(
            texts.filter((_, index) => index % chosen.length === place),
            { as, ...(signal === undefined ? {} : { signal }) },
          ),
        ),
      )
      return {
        vectors: texts.map((_, index) =>
          vectorOf(parts[index % parts.length]?.vectors, Math.floor(index / parts.length)),
        ),
        tokens: parts.reduce((sum, { tokens }) => sum + tokens, 0),
        cost: 0,
      }
    },
    [Symbol.asyncDispose]: async () => {
      closed = true
      await Promise.all(team.map((thread) => thread[Symbol.asyncDispose]()))
    },
  }
}

function vectorOf(vectors: Float32Array | undefined, row: number): Float32Array | Error {
  const vector = vectors && unitVector(vectors.subarray(row * localDimensions, (row + 1) * localDimensions))
  return vector ?? rejected('the text holds nothing that the model can read')
}
