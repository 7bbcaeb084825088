import { expect, test } from 'vitest'
import { fuse } from '../../src/search/fuse.ts'

test('a passage is scored by both legs, each scaled by its best', () => {
  const lexical = {
    found: [
      { chunk: 1, score: 8 },
      { chunk: 2, score: 4 },
    ],
    others: [{ chunk: 3, score: 2 }],
  }
  const vector = {
    found: [
      { chunk: 3, score: 0.9 },
      { chunk: 1, score: 0.45 },
    ],
    others: [{ chunk: 2, score: 0.18 }],
  }
  expect(fuse(lexical, vector)).toEqual([
    { chunk: 1, score: 0.75, lexical: { score: 8, rank: 1 }, vector: { score: 0.45, rank: 2 } },
    { chunk: 3, score: 0.625, lexical: { score: 2, rank: undefined }, vector: { score: 0.9, rank: 1 } },
    { chunk: 2, score: 0.35, lexical: { score: 4, rank: 2 }, vector: { score: 0.18, rank: undefined } },
  ])
})

test('one leg alone counts whole', () => {
  const leg = { found: [{ chunk: 7, score: 3 }], others: [] }
  expect(fuse(leg, undefined)[0]?.score).toBe(1)
  expect(fuse(undefined, leg)[0]?.score).toBe(1)
})

test('a passage without words and against the meaning scores 0, not less', () => {
  const [first, second] = fuse(
    { found: [], others: [] },
    {
      found: [
        { chunk: 1, score: 0.5 },
        { chunk: 2, score: -0.2 },
      ],
      others: [],
    },
  )
  expect(first).toMatchObject({ chunk: 1, score: 0.5 })
  expect(second).toMatchObject({ chunk: 2, score: 0 })
})

test('equal scores come in a fixed order', () => {
  const leg = {
    found: [
      { chunk: 9, score: 1 },
      { chunk: 4, score: 1 },
    ],
    others: [],
  }
  expect(fuse(leg, undefined).map(({ chunk }) => chunk)).toEqual([4, 9])
})
