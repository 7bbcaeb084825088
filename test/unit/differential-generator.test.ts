import { expect, test } from 'vitest'

import { findFaults } from '../../src/semantic/find-faults.ts'
import { evaluate } from '../kit/differential/ask.ts'
import { generateLayer } from '../kit/differential/generate-layer.ts'
import { generateQuestion } from '../kit/differential/generate-question.ts'
import { createRandom } from '../kit/random.ts'

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

function generate(seed: number): string {
  const generated = generateLayer(seed)
  const random = createRandom(seed)
  return JSON.stringify([generated, Array.from({ length: 20 }, () => generateQuestion(random, generated))])
}

test('a seed gives the same layer, rows and questions each time', () => {
  expect(generate(7)).toBe(generate(7))
})

test('layers have no faults, so that nothing but the question decides', () => {
  expect(seeds.flatMap((seed) => findFaults(generateLayer(seed).layer, ['db']))).toEqual([])
})

test('most questions have an answer, and some have none for each of several reasons', () => {
  const reasons = seeds.flatMap((seed) => {
    const generated = generateLayer(seed)
    const random = createRandom(seed)
    return Array.from({ length: 30 }, () => {
      const answer = evaluate(generated, generateQuestion(random, generated))
      return 'reason' in answer ? answer.reason : 'answered'
    })
  })
  expect(reasons.filter((reason) => reason === 'answered').length / reasons.length).toBeGreaterThan(0.6)
  expect(new Set(reasons)).toEqual(
    new Set(['answered', 'ambiguous', 'needs_time', 'time_zone', 'unreachable', 'unsupported']),
  )
})
