import { expect, test } from 'vitest'
import { worthScoring } from '../../src/search/worth-scoring.ts'

const lexical = [
  { chunk: 1, score: 10 },
  { chunk: 2, score: 8 },
  { chunk: 3, score: 2 },
]
const vectorOthers = [
  { chunk: 1, score: 0.9 },
  { chunk: 2, score: 0.8 },
  { chunk: 3, score: 0.1 },
]
const vector = [
  { chunk: 7, score: 1 },
  { chunk: 8, score: 0.3 },
]

test('a chunk that could still reach the first places by words is scored, one that can not is left out', () => {
  // Second best exact score: 0.8; the most that unseen words can give is 0.1.
  const legs = { lexical, vector, vectorOthers, depth: 3 }
  expect(worthScoring({ ...legs, keep: 2 })).toEqual([])
  expect(worthScoring({ ...legs, keep: 3 })).toEqual([7, 8])
  expect(worthScoring({ ...legs, keep: 3, vectorOthers: [{ chunk: 3, score: 0.5 }] })).toEqual([7])
  expect(worthScoring({ ...legs, keep: Number.POSITIVE_INFINITY })).toEqual([7, 8])
})

test('a word leg that returned all it had leaves nothing to score', () => {
  expect(worthScoring({ lexical, vector, vectorOthers, depth: 100, keep: 3 })).toEqual([])
})
