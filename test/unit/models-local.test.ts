import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import { openEmbedder } from '../../src/models/open-embedder.ts'
import { openLocalEmbedder } from '../../src/models/local-embedder.ts'
import type { Embedder } from '../../src/core/embedder.ts'

const sentences = ['The weather is lovely today.', "It's so sunny outside!", 'He drove to the stadium.']
const local = { provider: 'local', model: 'all-MiniLM-L6-v2' } as const
let embedder: Embedder

beforeAll(async () => {
  embedder = await openEmbedder(local)
  await embedder.ready()
})
afterAll(() => embedder[Symbol.asyncDispose]())

async function vectorsOf(texts: readonly string[]): Promise<readonly Float32Array[]> {
  const { vectors } = await embedder.embed(texts, { as: 'passage' })
  return vectors.map((vector) => {
    if (vector instanceof Error) throw vector
    return vector
  })
}

function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number {
  return Array.from(a ?? []).reduce((sum, value, i) => sum + value * (b?.[i] ?? 0), 0)
}

describe('the local model', () => {
  test('says what it is before it is loaded', async () => {
    await using closed = await openEmbedder(local)
    expect(closed.model).toBe('local/all-MiniLM-L6-v2-w8/384')
    expect(closed.dimensions).toBe(384)
    expect(closed.maxTokens).toBe(256)
  })

  test('gives the vectors of the published model', async () => {
    const [weather, sunny, stadium] = await vectorsOf(sentences)
    expect(Math.abs(cosine(weather, sunny) - 0.668)).toBeLessThan(0.002)
    expect(Math.abs(cosine(weather, stadium) - 0.105)).toBeLessThan(0.002)
    expect(Math.abs(cosine(sunny, stadium) - 0.14)).toBeLessThan(0.002)
  })

  test('gives vectors of length 1, in order, with what they cost', async () => {
    const { vectors, tokens, cost } = await embedder.embed(sentences, { as: 'query' })
    expect(vectors.map((vector) => vector instanceof Float32Array && vector.length)).toEqual([384, 384, 384])
    for (const vector of await vectorsOf(sentences)) expect(cosine(vector, vector)).toBeCloseTo(1, 6)
    expect({ tokens, cost }).toEqual({ tokens: 25, cost: 0 })
    expect(await embedder.embed([], { as: 'query' })).toEqual({ vectors: [], tokens: 0, cost: 0 })
  })

  test('gives a text the same vector alone as in any batch', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => `${sentences[i % 3]} ${'and so on '.repeat(i)}`)
    const batched = await vectorsOf(texts)
    for (const place of [0, 1, 10, 19]) {
      const [alone] = await vectorsOf([texts[place] ?? ''])
      expect(cosine(alone, batched[place])).toBeGreaterThan(0.999999)
    }
  })

  test('reads the first 256 tokens of a text', async () => {
    const words = 'word '.repeat(254)
    const [cut, longer] = await vectorsOf([words, `${words} and a different end`])
    expect(cosine(cut, longer)).toBeGreaterThan(0.999999)
  })

  test('refuses a text without a word, and embeds the others', async () => {
    const { vectors } = await embedder.embed(['', 'a', ' \n', 'b'], { as: 'passage' })
    expect(
      vectors.map((vector) => (vector instanceof Float32Array ? vector.length : Reflect.get(vector, 'code'))),
    ).toEqual(['EMBEDDING_REJECTED', 384, 'EMBEDDING_REJECTED', 384])
    expect((await embedder.embed([''], { as: 'query' })).vectors[0]).toBeInstanceOf(AquiferError)
  })

  test('answers a question in the middle of a long job, and leaves the event loop free', async () => {
    let jobDone = false
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    const job = embedder.embed(
      Array.from({ length: 8 }, (_, i) => `${i} ${'passage of many words '.repeat(50)}`),
      {
        as: 'passage',
      },
    )
    void job.finally(() => {
      jobDone = true
    })
    await embedder.embed(['a question'], { as: 'query' })
    expect(jobDone).toBe(false)
    await job
    clearInterval(ticking)
    expect(ticks).toBeGreaterThan(5)
  })

  test('stops a job that is aborted, and works on', async () => {
    const abort = new AbortController()
    const started = performance.now()
    const texts = Array.from({ length: 2000 }, (_, i) => `${i} ${'passage of many words '.repeat(60)}`)
    const job = embedder.embed(texts, { as: 'passage', signal: abort.signal })
    setTimeout(() => abort.abort(), 50)
    await expect(job).rejects.toMatchObject({ code: 'CANCELLED' })
    await vectorsOf(['next'])
    expect(performance.now() - started).toBeLessThan(5000)
    await expect(embedder.embed(['x'], { as: 'query', signal: abort.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })

  test('refuses work once it is closed', async () => {
    const closed = await openEmbedder(local)
    await closed[Symbol.asyncDispose]()
    await expect(closed.embed(['x'], { as: 'query' })).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('says clearly that its thread died, and starts another for the next call', async () => {
    const threads: Worker[] = []
    const started = (worker: Worker): void => void threads.push(worker)
    process.on('worker', started)
    await using mortal = await openEmbedder(local)
    await mortal.ready()
    threads[0]?.postMessage({ kind: 'embed', texts: 'what it can only fall over' }, [])
    const job = mortal.embed(['one'], { as: 'passage' })
    await expect(job).rejects.toMatchObject({ code: 'EMBEDDING_LOCAL', message: expect.stringContaining('ended') })
    expect((await mortal.embed(['two'], { as: 'passage' })).vectors[0]).toBeInstanceOf(Float32Array)
    process.off('worker', started)
    expect(threads).toHaveLength(2)
  })

  test('lets a process end in the middle of a job with its own exit code', async () => {
    const program = `
      import { openLocalEmbedder } from ${JSON.stringify(new URL('../../src/models/local-embedder.ts', import.meta.url).href)}
      const embedder = openLocalEmbedder()
      await embedder.ready()
      void embedder.embed(Array(100).fill('a long passage '.repeat(80)), { as: 'passage' })
      setTimeout(() => process.exit(7), 50)`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program])
    const [code] = await once(child, 'exit')
    expect(code).toBe(7)
  })

  test('says clearly that it could not be loaded, at every call', async () => {
    await using broken = openLocalEmbedder({ cores: -7 })
    await expect(broken.ready()).rejects.toMatchObject({ code: 'EMBEDDING_LOCAL', kind: 'config' })
    await expect(broken.embed(['x'], { as: 'query' })).rejects.toMatchObject({ code: 'EMBEDDING_LOCAL' })
  })
})
