import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Measures } from '../../src/cli/eval/measures.ts'
import { openDeployment } from '../kit/deployment.ts'
import { sharedData } from '../kit/shared-data.ts'

interface Judged {
  readonly documents: number
  readonly questions: number
  readonly results: { readonly lexical: Measures; readonly vector: Measures; readonly fused: Measures }
}

async function judge(kind: 'embedded' | 'standard', dataset: string): Promise<Judged> {
  await using deployment = await openDeployment(kind)
  await deployment.configure('sources: {}\n')
  return await deployment.json<Judged>('eval', dataset, '--legs')
}

const household = fileURLToPath(new URL('household', import.meta.url))

describe.each(['embedded', 'standard'] as const)('%s', (kind) => {
  test('every household question finds its text, most of them first', async () => {
    const { documents, questions, results } = await judge(kind, household)
    expect({ documents, questions }).toEqual({ documents: 30, questions: 30 })
    expect(results.fused.ndcg10).toBeGreaterThan(0.92)
    expect(results.fused.recall10).toBe(1)
    expect(results.lexical.ndcg10).toBeGreaterThan(0.78)
    expect(results.vector.ndcg10).toBeGreaterThan(0.93)
  })
})

const documentation = join(sharedData, 'ir-anthropic-docs')

test.skipIf(!existsSync(documentation))('questions about documentation keep their measured quality', async () => {
  const { documents, questions, results } = await judge('embedded', documentation)
  expect({ documents, questions }).toEqual({ documents: 232, questions: 100 })
  expect(results.lexical.ndcg10).toBeGreaterThan(0.78)
  expect(results.vector.ndcg10).toBeGreaterThan(0.7)
  expect(results.fused.ndcg10).toBeGreaterThan(0.81)
  expect(results.fused.ndcg10).toBeGreaterThan(Math.max(results.lexical.ndcg10, results.vector.ndcg10))
})
