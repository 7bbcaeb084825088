import pLimit from 'p-limit'
import { systemClock } from '../core/clock.ts'
import type { Embedded, Embedder, EmbedOptions } from '../core/embedder.ts'
import { AquiferError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { estimateTokens } from '../core/tokens.ts'
import { cutText } from './cut-text.ts'
import { createBatchEmbedder } from './openai-batch.ts'
import type { Wanted } from './openai-batch.ts'
import type { OpenAiEmbedding, OpenAiOptions } from './openai-options.ts'
import { planBatches } from './plan-batches.ts'
import { rejected } from './rejected.ts'

const defaults: OpenAiOptions = {
  log: silentLog,
  clock: systemClock,
  random: Math.random,
  patience: {
    passage: { deadlineMs: 120_000, retryForMs: 120_000 },
    query: { deadlineMs: 10_000, retryForMs: 2000 },
  },
  timeoutMs: 60_000,
  backoffMs: 500,
  requestTokens: 32_768,
}

/** OpenAI's own limit, which others copied. */
const requestInputs = 2048

/** Any endpoint that speaks OpenAI's embeddings protocol. Opening it asks nothing. */
export function openOpenAiEmbedder(config: OpenAiEmbedding, given: Partial<OpenAiOptions> = {}): Embedder {
  const options = { ...defaults, ...given }
  const embedder = createBatchEmbedder(config, options)
  // Questions have slots of their own, so that they never stand behind a long job.
  const slots = { passage: pLimit(config.concurrency), query: pLimit(config.concurrency) }
  const closing = new AbortController()

  const embedAll = async (wanted: readonly Wanted[], { as, signal }: EmbedOptions): Promise<void> => {
    const failing = new AbortController()
    const any = AbortSignal.any([failing.signal, closing.signal, ...(signal === undefined ? [] : [signal])])
    const limits = { ...options.patience[as], signal: any }
    const batches = planBatches(wanted, { tokens: options.requestTokens, inputs: requestInputs })
    await Promise.all(
      batches.map((batch) =>
        slots[as](() => embedder.embed(batch, limits)).catch((thrown: unknown) => {
          failing.abort()
          throw thrown
        }),
      ),
    )
  }
  const dimensions = (): number => {
    const known = embedder.dimensions()
    if (known === undefined)
      throw new AquiferError('INTERNAL', 'The model of an embedder was read before it was ready.')
    return known
  }
  return {
    // Not the host: the same model served from elsewhere gives the same vectors.
    get model() {
      return `openai/${config.model}/${dimensions()}`
    },
    get dimensions() {
      return dimensions()
    },
    maxTokens: config.maxTokens,
    ready: () => embedder.probe({ ...options.patience.query, signal: closing.signal }),
    embed: async (texts, how) => {
      const wanted = texts.map((text) => want(text, config.maxTokens))
      await embedAll(
        wanted.filter(({ vector }) => vector === undefined),
        how,
      )
      return answerOf(wanted, config.pricePerMillionTokens)
    },
    [Symbol.asyncDispose]: async () => closing.abort(),
  }
}

function want(text: string, maxTokens: number): Wanted {
  const cut = cutText(text.toWellFormed(), maxTokens)
  const vector = cut.trim() === '' ? rejected('it is empty') : undefined
  return { text: cut, tokens: estimateTokens(cut), billed: 0, vector }
}

function answerOf(wanted: readonly Wanted[], pricePerMillionTokens = 0): Embedded {
  const tokens = Math.round(wanted.reduce((sum, { billed }) => sum + billed, 0))
  return {
    vectors: wanted.map(({ vector }) => vector ?? rejected('the endpoint returned none')),
    tokens,
    cost: (tokens * pricePerMillionTokens) / 1_000_000,
  }
}
