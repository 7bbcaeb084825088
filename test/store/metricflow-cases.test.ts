import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importMetrics } from '../../src/cli/import-metrics.ts'
import { comparable, metricflowFolder, readMetricflowCases } from '../kit/metric-cases.ts'
import { loadMetricflowTables } from '../kit/metric-tables.ts'
import { openNumbersFolder } from '../kit/numbers-folder.ts'
import { openTestDatabase } from '../kit/postgres.ts'
import type { OpenNumbers } from '../../src/open-numbers.ts'

const caller = { id: 'test', groups: [], admin: true }
const isHere = existsSync(metricflowFolder)
if (!isHere) console.warn(`SKIPPING MetricFlow's cases: ${metricflowFolder} is not there.`)

/** Of 72 cases, those that a database cannot answer; it says so instead. */
const refused = {
  duckdb: [],
  postgres: ['approximate_continuous_percentile_agg: approximate_continuous_booking_value_p99 metric_time'],
} as const

async function openDuckdb(stack: AsyncDisposableStack): Promise<object> {
  await Promise.resolve(stack)
  return { type: 'duckdb', path: join(metricflowFolder, 'tables'), nulls: '\\N' }
}

async function openPostgres(stack: AsyncDisposableStack): Promise<object> {
  const database = stack.use(await openTestDatabase())
  await loadMetricflowTables(database.url)
  return { type: 'postgres', url: database.url }
}

describe.skipIf(!isHere).each([
  ['duckdb', openDuckdb],
  ['postgres', openPostgres],
] as const)("MetricFlow's cases, imported, on %s", (engine, openConnection) => {
  const stack = new AsyncDisposableStack()
  let opened: OpenNumbers

  beforeAll(async () => {
    const folder = stack.use(await openNumbersFolder(await openConnection(stack)))
    await importMetrics(folder.config, {
      path: join(metricflowFolder, 'manifests', 'simple_manifest'),
      connection: 'data',
      schema: 'mf',
      replace: false,
      skipUnsupported: false,
    })
    opened = stack.use(await folder.open())
  })
  afterAll(() => stack.disposeAsync())

  const cases = isHere ? readMetricflowCases() : []
  const isRefused = ({ title }: { readonly title: string }): boolean => refused[engine].some((one) => one === title)

  test.each(cases.filter((one) => !isRefused(one)))('$title', async ({ request, ordered, columns, rows }) => {
    const answer = await opened.numbers.ask(request, caller, { maxRows: 100_000 })
    if (!('rows' in answer)) throw new Error(JSON.stringify(answer))
    const names = answer.columns.map(({ name }) => name)
    expect(names.toSorted()).toEqual([...columns].toSorted())
    const given = answer.rows.map((row) => columns.map((column) => row[names.indexOf(column)] ?? null))
    expect(comparable(given, ordered)).toEqual(comparable(rows, ordered))
  })

  test.each(cases.filter(isRefused))('$title is refused', async ({ request }) => {
    expect(await opened.numbers.ask(request, caller)).toMatchObject({ refusal: { reason: 'unsupported' } })
  })
})
