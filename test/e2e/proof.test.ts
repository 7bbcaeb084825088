import { expect, test } from 'vitest'
import { kindNames } from '../proof/kinds/kind.ts'
import { parseOptions } from '../proof/options.ts'
import { runProof } from '../proof/run-proof.ts'
import { sabotageNames } from '../proof/sabotage.ts'

const silent = (): void => {}

test('thousands of operations on all kinds of source, under faults, leave every store as its source', async () => {
  const options = { operations: 2500, seed: 5, kinds: kindNames, faults: 10, sabotage: undefined }
  const { differing, ...figures } = await runProof(options, silent)
  expect(differing).toEqual([])
  expect(figures).toMatchObject({ operations: 2500, faults: 10, divergences: 0, exits: 0 })
  expect(figures.slowest_freshness_ms).toBeGreaterThan(0)
  for (const kind of kindNames) expect(figures.by_source[kind]?.operations).toBeGreaterThan(100)
}, 240_000)

// Most of their time is waiting until nothing moves any more.
test.concurrent.each(sabotageNames)(
  '%s is noticed',
  async (sabotage) => {
    const kinds = ['kafka', 'mongodb'] as const
    const { differing } = await runProof({ operations: 160, seed: 3, kinds, faults: 0, sabotage }, silent)
    expect(differing.length).toBeGreaterThan(0)
  },
  240_000,
)

test('an option that means nothing is refused with what would', () => {
  expect(() => parseOptions(['--sabotage', 'rust'])).toThrow('--sabotage takes dropped-tombstone, lost-batch,')
  expect(() => parseOptions(['--operations', 'many'])).toThrow('--operations takes a whole number, not many')
  expect(parseOptions(['--sources', 'files,kafka', '--operations', '1000'])).toEqual({
    operations: 1000,
    seed: 1,
    kinds: ['files', 'kafka'],
    faults: 4,
    sabotage: undefined,
    json: false,
    help: false,
  })
})
