import { expect, test } from 'vitest'
import { chunkAddress } from '../../src/core/chunk-address.ts'
import { worthScoring } from '../../src/search/worth-scoring.ts'

/** The only chunk of this record. */
const of = (record: number): number => chunkAddress(record, 0)

const lexical = [
  { chunk: of(1), score: 10 },
  { chunk: of(2), score: 8 },
  { chunk: of(3), score: 2 },
]
const vectorOthers = [
  { chunk: of(1), score: 0.9 },
  { chunk: of(2), score: 0.8 },
  { chunk: of(3), score: 0.1 },
]
const vector = [
  { chunk: of(7), score: 1 },
  { chunk: of(8), score: 0.3 },
]

test('a chunk that could still reach the first places by words is scored, one that can not is left out', () => {
  // Second best exact score: 0.8; the most that unseen words can give is 0.1.
  const meaning = { found: vector, others: vectorOthers }
  const legs = { lexical: { found: lexical, others: [] }, vector: meaning, unseen: 2 }
  expect(worthScoring({ ...legs, keep: 2 })).toEqual([])
  expect(worthScoring({ ...legs, keep: 3 })).toEqual([of(7), of(8)])
  const near = { ...meaning, others: [{ chunk: of(3), score: 0.5 }] }
  expect(worthScoring({ ...legs, keep: 3, vector: near })).toEqual([of(7)])
  expect(worthScoring({ ...legs, keep: Number.POSITIVE_INFINITY })).toEqual([of(7), of(8)])
})

test('what the word leg scored further down needs no scoring, and counts against the others', () => {
  const legs = { vector: { found: vector, others: vectorOthers }, unseen: 1, keep: 3 }
  // The third best exact score is now 0.6, of chunk 7; chunk 8 has at most 0.05 + 0.15.
  expect(worthScoring({ ...legs, lexical: { found: lexical, others: [{ chunk: of(7), score: 2 }] } })).toEqual([])
})

test('a word leg that returned all it had leaves nothing to score', () => {
  const legs = { lexical: { found: lexical, others: [] }, vector: { found: vector, others: vectorOthers }, keep: 3 }
  expect(worthScoring({ ...legs, unseen: 0 })).toEqual([])
})

test('a second chunk of a record does not count as another record', () => {
  const meaning = { found: vector, others: [...vectorOthers, { chunk: chunkAddress(1, 1), score: 0.9 }] }
  const words = { found: [...lexical, { chunk: chunkAddress(1, 1), score: 9 }], others: [] }
  // By chunks the second best is 0.9 and lets none through; by records it is 0.8, and 0.5 + 0.325 can beat it.
  expect(worthScoring({ lexical: words, vector: meaning, unseen: 6.5, keep: 2 })).toEqual([of(7)])
})
