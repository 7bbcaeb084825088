/**
 * What a metric costs over its SQL: `node bench/metrics.ts [ROWS] [QUESTIONS]`. Compiles MetricFlow's cases
 * and every metric of a layer, then asks a question of Postgres and of DuckDB, taking the driver's own run of the same statement in the same round.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { z } from 'zod'
import type { MetricLayer } from '../schemas/metrics.ts'
import { importMetrics } from '../src/cli/import-metrics.ts'
import type { NumbersRequest } from '../src/core/numbers.ts'
import { questionOf } from '../src/semantic/ask/understand.ts'
import { compileQuestion } from '../src/semantic/compile.ts'
import type { DialectName } from '../src/semantic/engine.ts'
import { accessOf } from '../src/semantic/plan/access.ts'
import type { OpenNumbers } from '../src/open-numbers.ts'
import { openNewClient } from '../test/kit/mcp-clients.ts'
import { metricflowFolder, readMetricflowCases } from '../test/kit/metric-cases.ts'
import { openNumbersFolder } from '../test/kit/numbers-folder.ts'
import { timesOf } from './kit/figures.ts'
import { openDatabase } from './kit/servers.ts'
import { program, runProgram, startServer } from './kit/start.ts'

const rows = Number(process.argv[2] ?? 20_000)
const questions = Number(process.argv[3] ?? 300)
const caller = { id: 'bench', groups: [], admin: true }

const layer = `
version: 1
models:
  orders:
    table: bench_orders
    time: ordered_at
    entities:
      order: { type: primary, expr: id }
      customer: { type: foreign, expr: customer_id }
    dimensions:
      ordered_at: { type: time, grain: day }
      channel: { type: categorical }
    measures:
      orders: { agg: count, expr: 1 }
      amount: { agg: sum }
      typical: { agg: median, expr: amount }
  customers:
    table: bench_customers
    entities: { customer: { type: primary, expr: id } }
    dimensions: { country: { type: categorical } }
metrics:
  orders: { type: simple, measure: orders }
  revenue: { type: simple, measure: amount }
  web_revenue: { type: simple, measure: amount, filter: "order__channel = 'web'" }
  typical_order: { type: simple, measure: typical }
  average_order: { type: ratio, numerator: revenue, denominator: orders }
  web_share: { type: ratio, numerator: web_revenue, denominator: revenue }
  running: { type: cumulative, measure: amount }
  last_week: { type: cumulative, measure: amount, window: 7 days }
  growth: { type: derived, expr: now / before - 1, inputs: [{ name: revenue, alias: now }, { name: revenue, alias: before, offset: 1 month }] }
queries:
  by_country: { metrics: [revenue, average_order], by: [metric_time__month, customer__country], every: 1h }
`
const tables = [
  `create table bench_customers as select i as id, (array['NO', 'DE', 'FR', 'IT'])[1 + i % 4] as country from generate_series(1, 500) t(i)`,
  `create table bench_orders as select i as id, 1 + i % 500 as customer_id, date '2024-01-01' + (i % 700)::int as ordered_at,
     (array['web', 'store'])[1 + i % 2] as channel, (i % 997)::double precision as amount from generate_series(1, ${String(rows)}) t(i)`,
]
const question = { metrics: ['revenue', 'average_order'], by: ['customer__country', 'metric_time__month'] }

const dir = await mkdtemp(join(tmpdir(), 'aquifer-bench-'))
try {
  await compileCases()
  await onDuckdb()
  await onPostgres()
  await overMcp()
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function onDuckdb(): Promise<void> {
  const database = await (await DuckDBInstance.create(':memory:')).connect()
  for (const sql of tables) await database.run(sql.replaceAll('array[', '['))
  for (const table of ['customers', 'orders']) {
    await database.run(`copy bench_${table} to '${join(dir, `bench_${table}.parquet`)}'`)
    await database.run(`drop table bench_${table}`)
    await database.run(`create view bench_${table} as from '${join(dir, `bench_${table}.parquet`)}'`)
  }
  await using folder = await openNumbersFolder({ type: 'duckdb', path: dir }, { 'bench.yaml': layer })
  await using opened = await folder.open()
  compile('compile', opened, ownQuestions(opened.context.layer))
  const statement = await opened.numbers.explain(question, caller)
  if (!('sql' in statement)) throw new Error('refused')
  await compare('DuckDB, Parquet', opened, async () => void (await database.runAndReadAll(statement.sql)))
}

async function onPostgres(): Promise<void> {
  await using database = await openDatabase('bench_metrics')
  const { client, url } = database
  for (const sql of tables) await client.query(sql)
  await client.query('analyze bench_orders, bench_customers')
  await using folder = await openNumbersFolder({ type: 'postgres', url }, { 'bench.yaml': layer })
  await using opened = await folder.open()
  const statement = await opened.numbers.explain(question, caller)
  if (!('sql' in statement)) throw new Error('refused')
  await compare('Postgres', opened, async () => void (await client.query({ name: 'raw', text: statement.sql })))
}

/** The saved query, kept in an embedded ledger and asked through MCP over HTTP; beside it one that is not kept. */
async function overMcp(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'aquifer-bench-'))
  try {
    await mkdir(join(home, 'metrics'))
    await writeFile(join(home, 'metrics', 'bench.yaml'), layer)
    const connections = { data: { type: 'duckdb', path: dir } }
    await writeFile(join(home, 'aquifer.yaml'), JSON.stringify({ version: 1, connections, metrics: './metrics' }))
    await runProgram(home, 'sync')
    await using server = await startServer([program, '--json', '--dir', home, 'serve', '--http', '0'])
    const { mcp } = z.object({ mcp: z.string() }).parse(JSON.parse(server.line))
    await using client = await openNewClient({ url: mcp })
    for (const metrics of [['revenue', 'average_order'], ['web_revenue']]) {
      const times: number[] = []
      for (let round = 0; round < questions; round++) {
        const before = performance.now()
        const { isError } = await client.callTool('query_metrics', {
          metrics,
          group_by: ['metric_time__month'].concat(metrics.length > 1 ? ['customer__country'] : []),
        })
        times.push(performance.now() - before)
        if (isError === true) throw new Error('query_metrics failed')
      }
      const { p50, p95 } = timesOf(times.slice(20))
      console.log(
        `query_metrics over HTTP, ${metrics.length > 1 ? 'kept' : 'computed'}: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`,
      )
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

async function compare(what: string, opened: OpenNumbers, raw: () => Promise<void>): Promise<void> {
  const times = { raw: [] as number[], asked: [] as number[] }
  for (let round = 0; round < questions + 20; round++) {
    const before = performance.now()
    await raw()
    const between = performance.now()
    await opened.numbers.ask(question, caller)
    const after = performance.now()
    if (round < 20) continue
    times.raw.push(between - before)
    times.asked.push(after - between)
  }
  const [raw50, asked50] = [timesOf(times.raw).p50, timesOf(times.asked).p50]
  console.log(
    `${what}: raw ${raw50.toFixed(2)} ms, asked ${asked50.toFixed(2)} ms at p50; ${(asked50 - raw50).toFixed(2)} ms over, ratio ${(asked50 / raw50).toFixed(2)}`,
  )
}

/** Questions of every metric of the bench's own layer. */
function ownQuestions({ metrics }: MetricLayer): readonly NumbersRequest[] {
  return Object.keys(metrics).map((metric) => ({ metrics: [metric], by: ['metric_time__month', 'customer__country'] }))
}

/** MetricFlow's own cases over its manifest, where they are at hand. */
async function compileCases(): Promise<void> {
  if (!existsSync(metricflowFolder)) return
  await using folder = await openNumbersFolder({ type: 'duckdb', path: join(metricflowFolder, 'tables'), nulls: '\\N' })
  const path = join(metricflowFolder, 'manifests', 'simple_manifest')
  const options = { path, connection: 'data', schema: 'mf', replace: false, skipUnsupported: false }
  await importMetrics(folder.config, options)
  await using opened = await folder.open()
  const cases = readMetricflowCases().map(({ request }) => request)
  compile("compile, MetricFlow's 72 cases", opened, cases)
}

function compile(what: string, { context: { layer: known } }: OpenNumbers, asked: readonly NumbersRequest[]): void {
  const access = accessOf(known, caller, undefined)
  const dialects: readonly DialectName[] = ['postgres', 'duckdb', 'mysql', 'clickhouse']
  const times: number[] = []
  for (let round = 0; round < 20; round++) {
    for (const request of asked) {
      const compiled = questionOf(request, request.metrics)
      for (const dialect of dialects) {
        const before = performance.now()
        compileQuestion(known, compiled, { dialect, access })
        times.push(performance.now() - before)
      }
    }
  }
  const { p50, p95 } = timesOf(times)
  console.log(`${what}, ${String(times.length)} times: p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms`)
}
