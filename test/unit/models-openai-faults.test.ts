import { setTimeout } from 'node:timers/promises'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Embedder } from '../../src/core/embedder.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { openEmbedder } from '../../src/models/open-embedder.ts'
import { openOpenAiEmbedder } from '../../src/models/openai-embedder.ts'
import type { OpenAiEmbedding, OpenAiOptions } from '../../src/models/openai-options.ts'
import { alter, delay, failWith, openOpenAiDouble, refuse } from '../kit/openai-double.ts'
import type { Fault } from '../kit/openai-double.ts'

const canary = 'sk-canary-1f0c9a'
const passage = { as: 'passage' } as const
const short = { deadlineMs: 400, retryForMs: 400 }
const defaults: OpenAiEmbedding = {
  provider: 'openai',
  model: 'small',
  baseUrl: 'http://127.0.0.1:9/v1',
  apiKey: canary,
  maxTokens: 8191,
  concurrency: 4,
}

function open(config: Partial<OpenAiEmbedding>, options: Partial<OpenAiOptions> = {}): Embedder {
  return openOpenAiEmbedder({ ...defaults, ...config }, { backoffMs: 1, ...options })
}

async function outcome(embedder: Embedder, texts: readonly string[]): Promise<string> {
  const { vectors } = await embedder.embed(texts, passage)
  return vectors.map((vector) => (vector instanceof AquiferError ? vector.code : 'vector')).join(' ')
}

describe('what an embedding endpoint may do wrong', () => {
  test.each<[string, Fault]>([
    ['too many requests', failWith(429, {}, { 'retry-after-ms': '5' })],
    ['an inner fault', failWith(500)],
    ['no capacity', failWith(503)],
    ['a request that took too long', failWith(408)],
    [
      'a gateway that answers a page',
      () => ({ status: 502, body: '<html>', headers: { 'content-type': 'text/html' } }),
    ],
    ['a connection that breaks', () => 'reset'],
    ['half an answer', () => ({ status: 200, body: '{"data":[{"ind' })],
  ])('%s is tried again', async (_, fault) => {
    await using double = await openOpenAiDouble()
    await using embedder = open({ baseUrl: double.baseUrl })
    double.next(fault, fault)
    expect(await outcome(embedder, ['a'])).toBe('vector')
    expect(double.counts.requests).toBe(3)
  })

  test('a wait that it asks for is kept', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open({ baseUrl: double.baseUrl })
    double.next(failWith(429, {}, { 'retry-after': '1' }))
    const started = performance.now()
    await embedder.embed(['a'], passage)
    expect(performance.now() - started).toBeGreaterThan(995)
  })

  test('an answer that never ends is left at the time limit, and tried again', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open({ baseUrl: double.baseUrl }, { timeoutMs: 100 })
    double.next(() => 'stall', delay(300))
    expect(await outcome(embedder, ['a'])).toBe('vector')
    expect(double.counts.requests).toBe(3)
  })

  test('an endpoint that stays down is given up at the deadline', async () => {
    const { baseUrl, [Symbol.asyncDispose]: close } = await openOpenAiDouble()
    await close()
    await using embedder = open({ baseUrl }, { patience: { passage: short, query: short } })
    await expect(embedder.embed(['a'], passage)).rejects.toMatchObject({
      code: 'EMBEDDING_UNREACHABLE',
      message: expect.stringMatching(/^The embedding endpoint was tried \d+ times, at last: ECONNREFUSED\.$/),
    })
  })

  test.each<[string, string, Fault]>([
    [
      'EMBEDDING_AUTH',
      'a wrong key',
      failWith(401, { message: `Incorrect API key: ${canary}`, code: 'invalid_api_key' }),
    ],
    ['EMBEDDING_AUTH', 'a key without the right', failWith(403)],
    ['EMBEDDING_MODEL', 'a model that it has not', failWith(404, { code: 'model_not_found' })],
    ['EMBEDDING_MODEL', 'a model that it has not, said with 400', failWith(400, { code: 'model_not_found' })],
    ['EMBEDDING_MODEL', 'refusing everything', failWith(400)],
    ['EMBEDDING_UNREACHABLE', 'an empty account', failWith(429, { code: 'insufficient_quota' })],
    [
      'EMBEDDING_UNREACHABLE',
      'another service',
      () => ({ status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }),
    ],
    ['EMBEDDING_DIMENSIONS', 'other dimensions than configured', alter(({ data }) => ({ data }), 8)],
    ['EMBEDDING_DIMENSIONS', 'refusing the dimensions', failWith(400, { param: 'dimensions' })],
  ])('%s: %s ends the call at once', async (code, _, fault) => {
    await using double = await openOpenAiDouble()
    await using embedder = open({ baseUrl: double.baseUrl, dimensions: 16 })
    double.always((call) => fault({ ...call, body: {} }))
    await expect(embedder.embed(['a', 'b'], passage)).rejects.toMatchObject({ code })
    expect(double.counts.requests).toBeLessThanOrEqual(2)
  })

  test('dimensions that change from one answer to the next are an error', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open({ baseUrl: double.baseUrl })
    await embedder.embed(['a'], passage)
    double.next(alter((answer) => answer, 8))
    await expect(embedder.embed(['b'], passage)).rejects.toMatchObject({
      code: 'EMBEDDING_DIMENSIONS',
      message: 'The model returned a vector of length 8 where 384 was expected.',
    })
  })

  test('a text that it refuses is found among the others, which succeed', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open({ baseUrl: double.baseUrl })
    double.always(refuse((text) => text.startsWith('bad')))
    const texts = Array.from({ length: 64 }, (_, i) => (i === 20 || i === 63 ? `bad ${i}` : `good ${i}`))
    const { vectors } = await embedder.embed(texts, passage)
    expect(vectors.flatMap((vector, i) => (vector instanceof Error ? [i] : []))).toEqual([20, 63])
    expect(vectors[20]).toMatchObject({ code: 'EMBEDDING_REJECTED', kind: 'input' })
    expect(double.counts.requests).toBeLessThan(30)
  })

  test('batches that are larger than it takes are made smaller, and stay so', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open({ baseUrl: double.baseUrl })
    double.always((call) => (call.inputs.length > 8 ? failWith(413)(call) : undefined))
    const texts = Array.from({ length: 32 }, (_, i) => `text ${i}`)
    expect(new Set((await outcome(embedder, texts)).split(' '))).toEqual(new Set(['vector']))
    const before = double.counts.requests
    await embedder.embed(texts, passage)
    expect(double.counts.requests - before).toBe(4)
  })

  test.each<[string, unknown]>([
    ['no item', undefined],
    ['zeros', Array<number>(4).fill(0)],
    ['nothing', []],
    ['null', [0.5, null, 0.5, 0.5]],
    ['NaN in base64', Buffer.from(Float32Array.of(0.5, Number.NaN, 0, 0).buffer).toString('base64')],
    ['half a number in base64', 'AAAA'],
  ])('%s for one text is an error of that text only', async (_, embedding) => {
    await using double = await openOpenAiDouble()
    await using embedder = open({ baseUrl: double.baseUrl })
    double.next(
      alter(
        ({ data }) => ({
          data: data.flatMap((item) => {
            if (item.index !== 1) return [item]
            return embedding === undefined ? [] : [{ ...item, embedding }]
          }),
        }),
        4,
      ),
    )
    expect(await outcome(embedder, ['a', 'b', 'c'])).toBe('vector EMBEDDING_REJECTED vector')
  })

  test('one failing request ends those beside it', async () => {
    await using double = await openOpenAiDouble()
    await using embedder = open({ baseUrl: double.baseUrl }, { requestTokens: 1 })
    double.always((call) => (call.inputs[0] === 'x' ? failWith(401)(call) : delay(5000)(call)))
    const job = embedder.embed(['a', 'b', 'c', 'x', 'e', 'f'], passage)
    await expect(job).rejects.toMatchObject({ code: 'EMBEDDING_AUTH' })
    await setTimeout(50)
    expect(double.calls.map(({ inputs }) => inputs[0])).not.toContain('e')
  })

  test('a cancelled call ends at once, and so does a closed embedder', async () => {
    await using double = await openOpenAiDouble()
    const embedder = open({ baseUrl: double.baseUrl })
    double.always(delay(5000))
    const started = performance.now()
    await expect(embedder.embed(['a'], { ...passage, signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    const waiting = embedder.embed(['a'], passage)
    await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' }), embedder[Symbol.asyncDispose]()])
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('neither the key nor a text is told in errors or logs, whatever the endpoint says', async () => {
    const logged: unknown[] = []
    const note = (...line: unknown[]): void => void logged.push(line)
    await using double = await openOpenAiDouble()
    const text = 'the secret recipe'
    const told = { message: `${canary} ${text}`, code: canary, type: canary, param: text }
    for (const status of [400, 401, 404, 413, 422, 429, 500]) {
      await using embedder = open(
        { baseUrl: double.baseUrl },
        { patience: { passage: short, query: short }, log: { debug: note, info: note, warn: note, error: note } },
      )
      double.always(status === 400 ? refuse((input) => input === text, told) : failWith(status, told))
      const result = await embedder.embed([text], passage).catch((thrown: unknown) => thrown)
      logged.push(result)
    }
    const everything = inspect(logged, { depth: 20, showHidden: true })
    expect(everything).toContain('EMBEDDING_AUTH')
    expect(everything).toContain('EMBEDDING_REJECTED')
    expect(everything).not.toContain(canary)
    expect(everything).not.toContain(text)
  })

  test('an address that is none is said before anything is asked', async () => {
    await expect(openEmbedder({ ...defaults, baseUrl: 'localhost:11434' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: '`embedding.baseUrl` must be an http or https address.',
    })
  })
})
