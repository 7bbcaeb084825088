import { AquiferError } from '../core/errors.ts'
import { estimateTokens } from '../core/tokens.ts'
import { cutText } from './cut-text.ts'
import type { Answer, OpenAiEndpoint } from './openai-endpoint.ts'
import type { OpenAiEmbedding, OpenAiOptions } from './openai-options.ts'
import { planBatches } from './plan-batches.ts'
import { RefusedError } from './refused-error.ts'
import { rejected } from './rejected.ts'
import type { RetryLimits } from './retries.ts'
import { unitVector } from './unit-vector.ts'

/** A text on its way; what became of it is written into it. */
export interface Wanted {
  text: string
  /** Estimated. */
  tokens: number
  billed: number
  vector: Float32Array | Error | undefined
}

export interface BatchEmbedder {
  /** As configured, else as first seen. */
  dimensions(): number | undefined
  /** Embeds a harmless text once, and so learns the dimensions and that the endpoint takes texts at all. */
  probe(limits: RetryLimits): Promise<void>
  embed(batch: readonly Wanted[], limits: RetryLimits): Promise<void>
}

export function createBatchEmbedder(config: OpenAiEmbedding, options: OpenAiOptions): BatchEmbedder {
  let endpoint: Promise<OpenAiEndpoint> | undefined
  let dimensions = config.dimensions
  let probed = false
  /** Learnt from requests that were refused although every text in them was taken. */
  let requestInputs = Infinity

  const ask = async (batch: readonly Wanted[], limits: RetryLimits): Promise<Answer> => {
    // The client takes 0.2 s to load, so it is loaded when there is something to ask.
    endpoint ??= import('./openai-endpoint.ts').then(({ openEndpoint }) => openEndpoint(config, options))
    const texts = batch.map(({ text }) => text)
    return (await endpoint).ask(texts, limits)
  }
  const probe = async (limits: RetryLimits): Promise<void> => {
    if (probed) return
    const text: Wanted = { text: 'ready', tokens: 1, billed: 0, vector: undefined }
    const answer = await ask([text], limits).catch((thrown: unknown) => {
      throw thrown instanceof RefusedError ? refusesAll(thrown, config.dimensions) : thrown
    })
    keep([text], answer)
    if (!(text.vector instanceof Float32Array))
      throw new AquiferError('EMBEDDING_MODEL', 'The embedding endpoint gives no vector for the plainest text.')
    probed = true
  }
  const keep = (batch: readonly Wanted[], answer: Answer): void => {
    const estimated = batch.reduce((sum, { tokens }) => sum + tokens, 0)
    for (const [place, one] of batch.entries()) {
      const values = answer.vectors[place]
      const vector = values === undefined ? undefined : unitVector(values)
      if (values !== undefined && values.length !== (dimensions ?? values.length)) throw otherLength(values, dimensions)
      if (vector !== undefined) dimensions ??= vector.length
      one.vector =
        vector ?? rejected(`the endpoint returned ${values === undefined ? 'none' : 'one without direction'}`)
      one.billed += ((answer.tokens ?? estimated) * one.tokens) / estimated
    }
  }
  const embed = async (batch: readonly Wanted[], limits: RetryLimits): Promise<void> => {
    if (batch.length > requestInputs) {
      for (const part of planBatches(batch, { tokens: Infinity, inputs: requestInputs })) await embed(part, limits)
      return
    }
    try {
      keep(batch, await ask(batch, limits))
    } catch (thrown) {
      if (!(thrown instanceof RefusedError)) throw thrown
      await probe(limits)
      await (batch.length > 1 ? halve(batch, limits) : shorten(batch, thrown, limits))
    }
  }
  /** Down to the texts that are refused alone. */
  const halve = async (batch: readonly Wanted[], limits: RetryLimits): Promise<void> => {
    const middle = Math.ceil(batch.length / 2)
    await embed(batch.slice(0, middle), limits)
    await embed(batch.slice(middle), limits)
    if (batch.every(({ vector }) => vector instanceof Float32Array)) requestInputs = Math.min(requestInputs, middle)
  }
  /** The estimate may have been too low for this text, once. */
  const shorten = async (batch: readonly Wanted[], refusal: RefusedError, limits: RetryLimits): Promise<void> => {
    for (const one of batch) {
      const text = cutText(one.text, Math.floor(Math.min(one.tokens, config.maxTokens) / 2))
      if (refusal.about !== 'length' || text.trim() === '') {
        one.vector = rejected('the endpoint refuses it', refusal)
        continue
      }
      const shorter = [{ ...one, text, tokens: estimateTokens(text) }]
      const answer = await ask(shorter, limits).catch((thrown: unknown) => {
        if (thrown instanceof RefusedError) return undefined
        throw thrown
      })
      if (answer !== undefined) keep(shorter, answer)
      one.vector = shorter[0]?.vector ?? rejected('the endpoint refuses it as too long', refusal)
      one.billed += shorter[0]?.billed ?? 0
    }
  }
  return { dimensions: () => dimensions, probe, embed }
}

function refusesAll(refusal: RefusedError, dimensions: number | undefined): AquiferError {
  if (refusal.about === 'dimensions' && dimensions !== undefined)
    return new AquiferError('EMBEDDING_DIMENSIONS', `The model gives no vectors of length ${dimensions}.`, {
      cause: refusal,
    })
  return new AquiferError('EMBEDDING_MODEL', 'The embedding endpoint refuses even the plainest text.', {
    cause: refusal,
  })
}

function otherLength(values: ArrayLike<number>, dimensions: number | undefined): AquiferError {
  const message = `The model returned a vector of length ${values.length} where ${dimensions} was expected.`
  return new AquiferError('EMBEDDING_DIMENSIONS', message)
}
