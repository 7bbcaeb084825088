import { describe, expect, test } from 'vitest'
import type { Embedder } from '../../src/core/embedder.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { openOpenAiEmbedder } from '../../src/models/openai-embedder.ts'
import type { OpenAiEmbedding, OpenAiOptions } from '../../src/models/openai-options.ts'
import { alter, delay, failWith, openOpenAiDouble, refuse } from '../kit/openai-double.ts'
import type { OpenAiDouble } from '../kit/openai-double.ts'
import { pseudoVector } from '../kit/pseudo-vector.ts'

const passage = { as: 'passage' } as const

function open(
  { baseUrl }: OpenAiDouble,
  config: Partial<OpenAiEmbedding> = {},
  options: Partial<OpenAiOptions> = {},
): Embedder {
  return openOpenAiEmbedder(
    { provider: 'openai', model: 'small', baseUrl, maxTokens: 8191, concurrency: 4, ...config },
    { backoffMs: 1, ...options },
  )
}

async function outcome(embedder: Embedder, texts: readonly string[]): Promise<string[]> {
  const { vectors } = await embedder.embed(texts, passage)
  return vectors.map((vector, place) => {
    if (vector instanceof AquiferError) return vector.code
    if (vector instanceof Error) throw vector
    const expected = pseudoVector(texts[place] ?? '', vector.length)
    return vector.every((value, i) => Math.abs(value - (expected[i] ?? 0)) < 1e-6) ? 'right' : 'wrong'
  })
}

describe('an OpenAI-compatible endpoint', () => {
  test('is asked for the model, with the key, and its vectors come in order', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open(double, { apiKey: 'sk-key' })
    expect(await outcome(embedder, ['a', 'b', 'c'])).toEqual(['right', 'right', 'right'])
    expect(double.calls[0]?.headers.authorization).toBe('Bearer sk-key')
    expect(double.calls[0]?.body).toEqual({ model: 'small', input: ['a', 'b', 'c'], encoding_format: 'base64' })
  })

  test('gets no key that was meant for another', async () => {
    await using double = await openOpenAiDouble()
    process.env['OPENAI_API_KEY'] = 'sk-for-another'
    await using embedder = open(double)
    await embedder.embed(['a'], passage)
    delete process.env['OPENAI_API_KEY']
    expect(double.calls[0]?.headers.authorization).toBeUndefined()
  })

  test('tells its dimensions to ready, once, where they are not configured', async () => {
    await using double = await openOpenAiDouble({ dimensions: 24 })
    await using embedder = open(double)
    expect(() => embedder.dimensions).toThrow('before it was ready')
    await embedder.ready()
    await embedder.ready()
    expect(embedder.dimensions).toBe(24)
    expect(embedder.model).toBe('openai/small/24')
    expect(double.counts.requests).toBe(1)
  })

  test('is asked for the configured dimensions, which need no request to be known', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open(double, { dimensions: 16 })
    expect(embedder.model).toBe('openai/small/16')
    expect(double.counts.requests).toBe(0)
    expect(await outcome(embedder, ['a'])).toEqual(['right'])
    expect(double.calls[0]?.body['dimensions']).toBe(16)
  })

  test('is tried by ready even where its dimensions are configured', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open(double, { dimensions: 16 })
    double.next(failWith(401))
    await expect(embedder.ready()).rejects.toMatchObject({ code: 'EMBEDDING_AUTH' })
    await embedder.ready()
  })

  test('answers in numbers instead of base64 as well, in any order', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open(double)
    double.next((call) => ({
      status: 200,
      body: {
        data: call.inputs.map((text, index) => ({ index, embedding: [...pseudoVector(text, 8)] })).toReversed(),
      },
    }))
    expect(await outcome(embedder, ['a', 'b', 'c'])).toEqual(['right', 'right', 'right'])
  })

  test('that refuses base64 is asked for numbers from then on', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open(double)
    const noBase64 = { message: "encoding_format 'base64' is not supported" }
    double.always((call) =>
      call.body['encoding_format'] === 'base64' ? { status: 422, body: { error: noBase64 } } : undefined,
    )
    expect(await outcome(embedder, ['a'])).toEqual(['right'])
    expect(await outcome(embedder, ['b'])).toEqual(['right'])
    expect(double.calls.map(({ body }) => body['encoding_format'])).toEqual(['base64', 'float', 'float'])
  })

  test('gets vectors of any length scaled to 1', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open(double)
    double.next(() => ({ status: 200, body: { data: [{ index: 0, embedding: [3, 0, 4] }] } }))
    const { vectors } = await embedder.embed(['a'], passage)
    expect(vectors[0]).toEqual(Float32Array.of(0.6, 0, 0.8))
  })

  test('is asked in batches by tokens and by count, so many at once and no more', async () => {
    await using double = await openOpenAiDouble({ dimensions: 4 })
    double.always(delay(20))
    await using embedder = open(double, { concurrency: 3 }, { requestTokens: 100 })
    const texts = Array.from({ length: 50 }, (_, i) => `${i} `.padEnd(40, 'x'))
    expect(new Set(await outcome(embedder, texts))).toEqual(new Set(['right']))
    expect(double.calls.map(({ inputs }) => inputs.length)).toEqual([10, 10, 10, 10, 10])
    expect(double.counts.mostAtOnce).toBe(3)
    await using wide = open(double)
    await wide.embed(Array<string>(2049).fill('x'), passage)
    expect(double.calls.slice(5).map(({ inputs }) => inputs.length)).toEqual([2048, 1])
  })

  test('answers a question while passages fill every slot', async () => {
    await using double = await openOpenAiDouble({ dimensions: 4 })
    double.always((call) => delay(call.inputs.includes('question') ? 0 : 60)(call))
    await using embedder = open(double, { concurrency: 1 }, { requestTokens: 1 })
    let jobDone = false
    const job = embedder.embed(['one', 'two', 'three', 'four'], passage).finally(() => {
      jobDone = true
    })
    await embedder.embed(['question'], { as: 'query' })
    expect(jobDone).toBe(false)
    await job
  })

  test('is paid by the tokens that it counts, or by an estimate', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open(double, { pricePerMillionTokens: 20 }, { requestTokens: 4 })
    const { tokens, cost } = await embedder.embed(['one two three', 'four five'], passage)
    expect({ tokens, cost }).toEqual({ tokens: 5, cost: 0.0001 })
    double.next(alter(({ data }) => ({ data })))
    expect((await embedder.embed(['x'.repeat(400)], passage)).tokens).toBe(100)
  })

  test('gets the beginning of a text that is too long, characters whole', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open(double, { maxTokens: 64 })
    await embedder.embed(['x'.repeat(1000), `y${'😀'.repeat(100)}`, 'broken \ud800'], passage)
    const [plain, emoji, broken] = double.calls[0]?.inputs ?? []
    expect(plain).toBe('x'.repeat(256))
    expect(emoji).toBe(`y${'😀'.repeat(31)}`)
    expect(broken).toBe('broken \ufffd')
  })

  test('that still finds a text too long gets half of it, once', async () => {
    await using double = await openOpenAiDouble()
    const tooLong = { message: "This model's maximum context length is 8192 tokens." }
    double.always(refuse((text) => text.length > 150, tooLong))
    await using embedder = open(double, { maxTokens: 64 })
    const { vectors } = await embedder.embed(['x'.repeat(256), 'short'], passage)
    expect(vectors.every((vector) => vector instanceof Float32Array)).toBe(true)
    double.always(refuse((text) => text.length > 100, tooLong))
    expect(await outcome(embedder, ['x'.repeat(256), 'short'])).toEqual(['EMBEDDING_REJECTED', 'right'])
  })

  test('is not asked for a text without a letter', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open(double)
    expect(await outcome(embedder, ['', 'a', ' \n '])).toEqual(['EMBEDDING_REJECTED', 'right', 'EMBEDDING_REJECTED'])
    expect(double.calls[0]?.inputs).toEqual(['a'])
  })
})
