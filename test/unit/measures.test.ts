import { expect, test } from 'vitest'
import { compareRuns, mean, measure, percentile } from '../../src/cli/eval/measures.ts'

test('a ranking is judged by its first ten, discounted by place', () => {
  const relevant = new Map([
    ['a', 2],
    ['b', 1],
    ['c', 1],
  ])
  const { ndcg10, mrr10, recall10, recall100 } = measure(['x', 'a', 'y', 'b'], relevant)
  // (2/log2(3) + 1/log2(5)) / (2 + 1/log2(3) + 1/log2(4))
  expect(ndcg10).toBeCloseTo(0.540_59, 4)
  expect(mrr10).toBe(0.5)
  expect(recall10).toBeCloseTo(2 / 3)
  expect(recall100).toBeCloseTo(2 / 3)
})

test('what comes after the tenth counts for recall@100 only', () => {
  const ranking = [...Array.from({ length: 10 }, (_, i) => `x${String(i)}`), 'a']
  expect(measure(ranking, new Map([['a', 1]]))).toEqual({ ndcg10: 0, mrr10: 0, recall10: 0, recall100: 1 })
})

test('means and percentiles', () => {
  const one = { ndcg10: 1, mrr10: 1, recall10: 1, recall100: 1 }
  const none = { ndcg10: 0, mrr10: 0, recall10: 0, recall100: 0 }
  expect(mean([one, none]).ndcg10).toBe(0.5)
  expect(percentile([5, 1, 3, 2, 4], 0.5)).toBe(3)
  expect(percentile([5, 1, 3, 2, 4], 0.95)).toBe(5)
})

test('two runs are compared question by question, with an interval', () => {
  const before = Array.from({ length: 50 }, (_, i) => (i % 10) / 10)
  const better = before.map((value) => value + 0.05)
  const change = compareRuns(better, before)
  expect(change.mean).toBeCloseTo(0.05)
  expect(change.low).toBeCloseTo(0.05)
  expect(compareRuns(before, before)).toEqual({ mean: 0, low: 0, high: 0 })
})
