import { availableParallelism } from 'node:os'
import type { Embedder } from '../core/embedder.ts'
import { AquiferError } from '../core/errors.ts'
import { localDimensions, localMaxTokens, localModel } from './local-messages.ts'
import { startLocalThread } from './local-thread.ts'
import type { LocalThread } from './local-thread.ts'
import { rejected } from './rejected.ts'
import { unitVector } from './unit-vector.ts'

export interface LocalEmbedderOptions {
  /** Cores that one batch may use; the default is all of them, and four at most. */
  readonly threads?: number
}

/**
 * The model that needs no server and no key, in a thread of its own. Opening is free: the thread starts with the first
 * `ready` or `embed`, and again with the next call after it died (EMBEDDING_LOCAL).
 */
export function openLocalEmbedder(options: LocalEmbedderOptions = {}): Embedder {
  const threads = options.threads ?? Math.min(4, availableParallelism())
  let thread: LocalThread | undefined
  let closed = false
  const running = (): LocalThread => {
    if (closed) throw new AquiferError('CANCELLED', 'The embedding model is closed.')
    if (thread === undefined || thread.ended()) thread = startLocalThread({ threads })
    return thread
  }
  return {
    // Names the weights too: other roundings of the same model give other vectors.
    model: `local/${localModel}-w8/${localDimensions}`,
    dimensions: localDimensions,
    maxTokens: localMaxTokens,
    ready: async () => running().ready(),
    embed: async (texts, { as, signal }) => {
      if (texts.length === 0) return { vectors: [], tokens: 0, cost: 0 }
      const { vectors, tokens } = await running().embed(texts, { as, ...(signal === undefined ? {} : { signal }) })
      return { vectors: texts.map((_, row) => vectorOf(vectors, row)), tokens, cost: 0 }
    },
    [Symbol.asyncDispose]: async () => {
      closed = true
      await thread?.[Symbol.asyncDispose]()
    },
  }
}

function vectorOf(vectors: Float32Array, row: number): Float32Array | Error {
  const vector = unitVector(vectors.subarray(row * localDimensions, (row + 1) * localDimensions))
  return vector ?? rejected('the text holds nothing that the model can read')
}
