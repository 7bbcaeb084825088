import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Embedder } from '../../src/core/embedder.ts'

/** English sentences of the packages' READMEs: real words, on every machine, in the same order for one lock file. */
function readSentences(): string[] {
  const root = fileURLToPath(new URL('../../node_modules/', import.meta.url))
  const files = globSync(['*/README.md', '@*/*/README.md'], { cwd: root }).toSorted()
  const texts = files
    .flatMap((file) => readFileSync(root + file, 'utf8').split(/(?<=[.!?])\s+|\n\n+/))
    .map((text) =>
      text
        .replaceAll(/[^\p{L}\p{N} .,'-]+/gu, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    .filter((text) => text.length > 40 && text.length < 400)
  return [...new Set(texts)]
}

export interface Passage {
  readonly id: number
  readonly title: string
  readonly body: string
  readonly vector: Float32Array
}

/** The same numbers for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Passages of seven sentences, about 120 words. A passage's vector is the mean of its sentences', of unit length. */
export function* passages(count: number, vectorOf: (sentence: string) => Float32Array, seed = 1): Generator<Passage> {
  const random = seeded(seed)
  const all = readSentences()
  if (all.length === 0) throw new Error('nothing to write passages of: run npm ci first')
  for (let id = 1; id <= count; id++) {
    const sentences = Array.from({ length: 7 }, () => all[Math.floor(random() * all.length)] ?? '')
    const body = sentences.join(' ')
    yield { id, title: body.split(' ').slice(0, 5).join(' '), body, vector: meanOf(sentences.map(vectorOf)) }
  }
}

function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0)
  for (const vector of vectors) for (const [i, value] of vector.entries()) sum[i] = (sum[i] ?? 0) + value
  const length = Math.hypot(...sum)
  return sum.map((value) => value / length)
}

/** The vector that the model gives each sentence. */
export async function embedSentences(embedder: Embedder): Promise<(sentence: string) => Float32Array> {
  const sentences = readSentences()
  const { vectors } = await embedder.embed(sentences, { as: 'passage' })
  const known = new Map(sentences.map((sentence, i) => [sentence, vectors[i]]))
  return (sentence) => {
    const vector = known.get(sentence)
    if (!(vector instanceof Float32Array)) throw new Error(`no vector for: ${sentence}`)
    return vector
  }
}

/** Questions made of words that stand together somewhere. */
export function questions(count: number, seed = 7): string[] {
  const random = seeded(seed)
  const sentences = readSentences()
  return Array.from({ length: count }, () => {
    const words = (sentences[Math.floor(random() * sentences.length)] ?? '').split(' ')
    const from = Math.floor(random() * Math.max(1, words.length - 8))
    return words.slice(from, from + 4 + Math.floor(random() * 5)).join(' ')
  })
}
