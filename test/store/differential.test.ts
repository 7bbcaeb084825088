import { expect, test, vi } from 'vitest'

import { allTables, openDuckdb, openMariadb, openPostgres } from '../kit/differential/databases.ts'
import { generateLayer } from '../kit/differential/generate-layer.ts'
import { runDifferential } from '../kit/differential/run-differential.ts'
import type { Run } from '../kit/differential/run-differential.ts'
import { serverUrl } from '../kit/server-url.ts'
import { openTempDir } from '../kit/temp-dir.ts'

// Thousands of questions, each asked of up to three databases.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 120_000 })

const seed = Number(process.env['AQUIFER_SEED'] ?? 20_240_229)
/** 210 layers are a whole run, of more than ten thousand questions. */
const layerCount = Number(process.env['AQUIFER_LAYERS'] ?? 40)
const perLayer = 50

/** The differences of a kind, for the message of an assertion. */
const reportsOf = (run: Run, kind: string): readonly string[] =>
  run.differences.flatMap((one) => (one.kind === kind ? [one.report === '' ? one.engine : one.report] : []))

test('random questions are answered as the rules say or refused, in DuckDB, Postgres and MariaDB', async () => {
  await using folder = await openTempDir()
  const layers = Array.from({ length: layerCount }, (_, index) => generateLayer(seed + index))
  const tables = allTables(layers)
  await using duckdb = await openDuckdb(tables, folder.path)
  await using postgres = await openPostgres(tables, serverUrl('postgres'), folder.path)
  await using mariadb = await openMariadb(tables, serverUrl('mariadb'), folder.path)
  const run = await runDifferential(layers, perLayer, [
    { engine: duckdb, every: 1 },
    { engine: postgres, every: 2 },
    { engine: mariadb, every: 4 },
  ])
  const { questions, comparisons, expected, differences } = run
  const found = Object.groupBy(differences, ({ engine, kind }) => `${kind} on ${engine}`)
  const counts = Object.entries(found).map(([what, ones]) => `${ones.length} ${what}`)
  console.log(`seed ${seed}: ${JSON.stringify({ questions, comparisons, expected, differences: counts })}`)
  expect(reportsOf(run, 'wrong'), 'silently wrong numbers').toEqual([])
  expect(reportsOf(run, 'failure'), 'statements that failed').toEqual([])
  expect(reportsOf(run, 'unsound'), 'answered where no number can be proven right').toEqual([])
  // Refusals of what the evaluator answers: few enough that most of what is asked has an answer.
  const cautious = differences.filter(({ engine, kind }) => engine === 'duckdb' && kind === 'cautious')
  expect(cautious.length).toBeLessThan(questions / 25)
  expect(questions).toBe(layerCount * perLayer)
  const compared = questions - (expected['too long'] ?? 0)
  expect(compared).toBeGreaterThan(questions * 0.99)
  expect(comparisons['duckdb']).toBe(compared)
  expect(comparisons['postgres']).toBeGreaterThan(questions / 2.1)
  expect(comparisons['mysql']).toBeGreaterThan(questions / 4.2)
})
