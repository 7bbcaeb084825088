import OpenAI from 'openai'
import { AquiferError } from '../core/errors.ts'
import { judgeFailure } from './openai-failure.ts'
import type { OpenAiEmbedding, OpenAiOptions } from './openai-options.ts'
import { RefusedError } from './refused-error.ts'
import { createRetry } from './retries.ts'
import type { RetryLimits } from './retries.ts'

/** One embedding endpoint, asked in single requests. */
export interface OpenAiEndpoint {
  /** RefusedError when it takes no such texts; any other trouble is retried or thrown as an AquiferError. */
  ask(texts: readonly string[], limits: RetryLimits): Promise<Answer>
}

export interface Answer {
  /** As the model gave them, one a text; undefined where the answer lacks it. */
  readonly vectors: readonly (ArrayLike<number> | undefined)[]
  /** As billed; undefined where the endpoint does not say. */
  readonly tokens: number | undefined
}

export function openEndpoint(config: OpenAiEmbedding, options: OpenAiOptions): OpenAiEndpoint {
  const client = createClient(config)
  const retry = createRetry({
    ...options,
    judge: (thrown) => judgeFailure(thrown, config.apiKey, options.clock.now()),
  })
  let floats = false
  const ask = async (texts: readonly string[], limits: RetryLimits): Promise<Answer> => {
    const body = {
      model: config.model,
      input: [...texts],
      ...(config.dimensions === undefined ? {} : { dimensions: config.dimensions }),
      // A third of the bytes. Named, so that the client leaves the decoding to us, which takes a tenth of the time.
      encoding_format: floats ? ('float' as const) : ('base64' as const),
    }
    try {
      return await retry(
        async (signal) => parseAnswer(await client.embeddings.create(body, { signal }), texts.length),
        limits,
      )
    } catch (thrown) {
      if (floats || !(thrown instanceof RefusedError) || thrown.about !== 'encoding') throw thrown
      floats = true
      return ask(texts, limits)
    }
  }
  return { ask }
}

/** Nothing comes from OPENAI_… variables: a key meant for one endpoint must not be sent to another. */
function createClient({ apiKey, baseUrl }: OpenAiEmbedding): OpenAI {
  return new OpenAI({
    apiKey: apiKey ?? 'none',
    ...(apiKey === undefined ? { defaultHeaders: { Authorization: null } } : {}),
    baseURL: baseUrl ?? 'https://api.openai.com/v1',
    adminAPIKey: null,
    organization: null,
    project: null,
    logLevel: 'off',
    maxRetries: 0,
  })
}

function parseAnswer(body: unknown, count: number): Answer {
  if (!isObject(body) || !Array.isArray(body['data']))
    throw new AquiferError('EMBEDDING_UNREACHABLE', 'What answers at the embedding endpoint is no embedding service.', {
      fix: 'Check baseUrl: most end in /v1.',
    })
  const items: readonly unknown[] = body['data']
  const vectors = Array.from<ArrayLike<number> | undefined>({ length: count })
  for (const [place, item] of items.entries()) {
    if (!isObject(item)) continue
    const { index = place, embedding } = item
    if (typeof index === 'number' && index in vectors) vectors[index] = parseVector(embedding)
  }
  const usage = isObject(body['usage']) ? body['usage'] : {}
  const tokens = usage['total_tokens']
  return { vectors, tokens: typeof tokens === 'number' && tokens >= 0 ? tokens : undefined }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function parseVector(embedding: unknown): ArrayLike<number> | undefined {
  if (typeof embedding === 'string') {
    const { buffer, byteOffset, byteLength } = Buffer.from(embedding, 'base64')
    const whole = byteLength > 0 && byteLength % Float32Array.BYTES_PER_ELEMENT === 0
    return whole ? new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)) : undefined
  }
  // A model's NaN arrives as null, which would read as 0.
  const isVector = Array.isArray(embedding) && embedding.length > 0 && embedding.every((one) => typeof one === 'number')
  return isVector ? embedding : undefined
}
