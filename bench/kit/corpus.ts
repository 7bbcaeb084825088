import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** English sentences of the packages' READMEs: real words, on every machine, in the same order for one lock file. */
function readSentences(): string[] {
  const root = fileURLToPath(new URL('../../node_modules/', import.meta.url))
  const files = globSync(['*/README.md', '@*/*/README.md'], { cwd: root }).toSorted()
  return files
    .flatMap((file) => readFileSync(root + file, 'utf8').split(/(?<=[.!?])\s+|\n\n+/))
    .map((text) =>
      text
        .replaceAll(/[^\p{L}\p{N} .,'-]+/gu, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    .filter((text) => text.length > 40 && text.length < 400)
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

/** Passages of about 120 words with unit vectors around 200 centres, as embeddings of real texts cluster. */
export function* passages(count: number, dimensions: number, seed = 1): Generator<Passage> {
  const random = seeded(seed)
  const sentences = readSentences()
  const normal = (): number => random() + random() + random() + random() - 2
  const centres = Array.from({ length: 200 }, () => Array.from({ length: dimensions }, normal))
  const pick = <T>(from: readonly T[]): T => {
    const one = from[Math.floor(random() * from.length)]
    if (one === undefined) throw new Error('nothing to pick from: run npm ci first')
    return one
  }
  for (let id = 1; id <= count; id++) {
    const centre = pick(centres)
    const vector = Float32Array.from(centre, (value) => value + 0.7 * normal())
    const length = Math.hypot(...vector)
    const body = Array.from({ length: 7 }, () => pick(sentences)).join(' ')
    yield { id, title: body.split(' ').slice(0, 5).join(' '), body, vector: vector.map((value) => value / length) }
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
