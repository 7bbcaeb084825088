import { describe, expect, test } from 'vitest'
import type { MetricLayer } from '../../schemas/metrics.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { compileQuestion } from '../../src/semantic/compile.ts'
import type { Engine } from '../../src/semantic/engine.ts'
import { compileKept, everything, keptQuestion } from '../../src/semantic/kept/kept-queries.ts'
import { refreshKept, type Refreshed } from '../../src/semantic/kept/refresh-kept.ts'
import { memoryLedgerNumbers } from '../kit/memory-ledger-numbers.ts'
import { metricDatabases, openMetricDatabase } from '../kit/metric-database.ts'
import { layerOf } from '../kit/shop-layer.ts'

const tables = [
  'create table orders (store integer, status varchar(20), amount decimal(12, 2), ordered_at timestamp null)',
  'create table stores (id integer, country varchar(2))',
  `insert into stores values (1, 'de'), (2, 'us')`,
  `insert into orders values
    (1, 'paid', 10.10, '2026-01-05 08:00:00'), (2, 'paid', 20.20, '2026-02-20 09:00:00'),
    (2, 'open', 30.30, '2026-02-28 10:00:00'), (1, 'open', 40.40, '2026-03-01 11:00:00'),
    (1, null, null, null)`,
]

const text = (orders = 'append_only: true, look_back: 2 days', more = ''): string => `
models:
  orders:
    connection: db
    table: orders
    time: ordered_at
    primary: order
    entities: { store: { type: foreign } }
    dimensions:
      status: { type: categorical }
      ordered_at: { type: time, grain: second }
    measures:
      amount: { agg: sum }
      orders: { agg: count, expr: 1 }
      middle: { agg: median, expr: amount }
    ${orders.split(', ').join('\n    ')}
  stores:
    connection: db
    table: stores
    entities: { store: { type: primary, expr: id } }
    dimensions: { country: { type: categorical } }
metrics:
  revenue: { type: simple, measure: amount }
  orders: { type: simple, measure: orders }
  middle: { type: simple, measure: middle }
  before: { type: derived, expr: earlier, inputs: [{ name: revenue, alias: earlier, offset: 7 days }] }
  open: { type: simple, measure: { name: orders, filter: "order__status = 'open'" } }
  german: { type: simple, measure: orders, filter: "store__country = 'de'" }
  average: { type: ratio, numerator: revenue, denominator: orders }
queries:
  by_day: { metrics: [revenue, middle, average], by: [metric_time__day, order__status], every: 1h }
  open_by_month: { metrics: [open], by: [metric_time__month], where: "order__status is not null", every: 1h }
  by_country: { metrics: [revenue], by: [metric_time__month, store__country], every: 1h }
  german_by_month: { metrics: [german], by: [metric_time__month], every: 1h }
  before_by_day: { metrics: [before], by: [metric_time__day], every: 1h }
  by_status: { metrics: [revenue], by: [order__status, metric_time__month], every: 1h }
  total: { metrics: [orders], every: 1h }
${more}`

interface Deployment {
  readonly layer: MetricLayer
  readonly engine: Engine
  readonly ledger: ReturnType<typeof memoryLedgerNumbers>
  nowMs: number
}

const open = (engine: Engine, layer: MetricLayer): Deployment => ({
  layer,
  engine,
  ledger: memoryLedgerNumbers(),
  nowMs: Date.parse('2026-03-01T12:00:00Z'),
})

async function refresh(deployment: Deployment, name: string): Promise<Refreshed> {
  const { layer, engine, ledger } = deployment
  const states = await ledger.keptStates()
  const context = {
    layer,
    engine: () => Promise.resolve(engine),
    ledger,
    origin: () => 'here',
    clock: { ...systemClock, now: () => deployment.nowMs },
    log: silentLog,
  }
  return refreshKept(context, name, { state: states.find((state) => state.name === name) })
}

const limits = { rows: 1000, bytes: 1_000_000, timeoutMs: 10_000 }

async function rowsOf({ layer, engine, ledger }: Deployment, name: string) {
  const query = compileKept(layer, name, { dialect: engine.dialect, origin: 'here' })
  if ('refusal' in query) throw new Error(query.refusal.message)
  const key = { name, policy: 'unrestricted', definition: query.definition, from: undefined, until: undefined }
  const kept = await ledger.keptAnswer(key)
  const compiled = compileQuestion(layer, keptQuestion(layer, name), {
    dialect: engine.dialect,
    access: everything(layer),
  })
  if ('refusal' in compiled) throw new Error(compiled.refusal.message)
  const { rows } = await engine.run(compiled.statement, { limits, tables: compiled.tables })
  return { kept: kept?.rows, asked: rows, asOf: kept?.asOf }
}

describe.each(metricDatabases)('what is kept of %s', (kind) => {
  test('rows that are only added change the latest periods, and are computed there alone', async () => {
    await using database = await openMetricDatabase(kind)
    await database.change(...tables)
    const deployment = open(database.engine, layerOf(text()))
    for (const name of ['by_day', 'open_by_month'])
      expect(await refresh(deployment, name)).toMatchObject({ how: 'whole' })
    await database.change(`insert into orders values
      (1, 'late', 1.10, '2026-02-28 23:59:59'), (2, 'paid', 2.20, '2026-03-01 13:00:00'),
      (1, 'open', 3.30, '2026-03-02 00:00:00'), (2, 'open', 4.40, null), (2, 'open', 5.50, null)`)
    deployment.nowMs += 86_400_000
    const asked: string[] = []
    const { engine } = deployment
    const spied: Deployment = {
      ...deployment,
      engine: { ...engine, run: (statement, options) => (asked.push(statement.sql), engine.run(statement, options)) },
    }
    for (const name of ['by_day', 'open_by_month']) expect(await refresh(spied, name)).toMatchObject({ how: 'changed' })
    expect(asked.map((sql) => (sql.includes('>=') ? 'some periods' : 'the watermark'))).toEqual([
      'the watermark',
      'some periods',
      'the watermark',
      'some periods',
    ])
    for (const name of ['by_day', 'open_by_month']) {
      const { kept, asked: rows, asOf } = await rowsOf(deployment, name)
      expect(kept).toEqual(rows)
      expect(asOf).toBe('2026-03-02T12:00:00.000Z')
    }
    // What came later than it may is not looked for: the model says that it does not happen.
    await database.change(`insert into orders values (1, 'paid', 1000, '2026-01-05 08:00:00')`)
    expect(await refresh(spied, 'by_day')).toMatchObject({ how: 'changed' })
    const { kept, asked: rows } = await rowsOf(deployment, 'by_day')
    expect(kept?.[0]).not.toEqual(rows[0])
    expect(kept?.slice(1)).toEqual(rows.slice(1))
  })

  test('a view may show other rows though nothing was written, so what is over one is computed whole', async () => {
    await using database = await openMetricDatabase(kind)
    await database.change(
      ...tables.map((sql) => sql.replace(/(table|into) orders/, '$1 all_orders')),
      'create view orders as select * from all_orders',
    )
    const deployment = open(database.engine, layerOf(text()))
    for (const name of ['by_day', 'by_day']) expect(await refresh(deployment, name)).toMatchObject({ how: 'whole' })
    await database.change('drop view orders', 'create table orders as select * from all_orders')
    await refresh(deployment, 'by_day')
    expect((await refresh(deployment, 'by_day')).how).not.toBe('whole')
  })

  test('anything that an earlier period could change by is computed whole', async () => {
    await using database = await openMetricDatabase(kind)
    await database.change(...tables)
    const names = ['by_country', 'german_by_month', 'before_by_day', 'by_status', 'total']
    const appending = open(database.engine, layerOf(text()))
    const changing = open(database.engine, layerOf(text('look_back: 2 days')))
    for (const name of names) await refresh(appending, name)
    await refresh(changing, 'by_day')
    await database.change(
      `insert into stores values (3, 'fr')`,
      `insert into orders values (3, 'paid', 7.70, '2026-03-01 13:00:00')`,
    )
    for (const name of names)
      expect(await refresh(appending, name)).toEqual({ query: name, how: 'whole', error: undefined })
    expect(await refresh(changing, 'by_day')).toMatchObject({ how: 'whole' })
  })
})

describe('what is kept', () => {
  test('is as of now while nobody writes, unless the definition itself is of the moment', async () => {
    await using database = await openMetricDatabase('duckdb')
    await database.change(...tables)
    const deployment = open(database.engine, layerOf(text()))
    const lively = open(
      database.engine,
      layerOf(
        text().replace(
          'amount: { agg: sum }',
          'amount: { agg: sum, expr: "case when ordered_at < now() then amount end" }',
        ),
      ),
    )
    for (const one of [deployment, lively]) await refresh(one, 'by_country')
    for (const one of [deployment, lively]) one.nowMs += 60_000
    expect(await refresh(deployment, 'by_country')).toMatchObject({ how: 'unchanged' })
    expect((await rowsOf(deployment, 'by_country')).asOf).toBe('2026-03-01T12:01:00.000Z')
    expect(await refresh(lively, 'by_country')).toMatchObject({ how: 'whole' })
    await database.change(`insert into stores values (3, 'fr')`)
    expect(await refresh(deployment, 'by_country')).toMatchObject({ how: 'whole' })
  })

  test('stays when it cannot be computed again, and goes with its definition', async () => {
    await using database = await openMetricDatabase('duckdb')
    await database.change(...tables)
    const deployment = open(database.engine, layerOf(text()))
    await refresh(deployment, 'by_status')
    const { kept: before } = await rowsOf(deployment, 'by_status')
    await database.change('alter table orders rename column amount to total')
    expect(await refresh(deployment, 'by_status')).toMatchObject({
      how: 'failed',
      error: { code: 'METRIC_SQL_FAILED' },
    })
    expect(await deployment.ledger.keptStates()).toMatchObject([
      { complete: true, lastError: { code: 'METRIC_SQL_FAILED' } },
    ])
    const mended = {
      ...deployment,
      layer: layerOf(text().replace('amount: { agg: sum }', 'amount: { agg: sum, expr: total }')),
    }
    expect(await refresh(mended, 'by_status')).toMatchObject({ how: 'whole' })
    expect((await rowsOf(mended, 'by_status')).kept).toEqual(before)
    expect(await deployment.ledger.keptStates()).toMatchObject([{ complete: true, lastError: undefined }])
  })

  test('is never part of an answer: one that is too large is refused', async () => {
    await using database = await openMetricDatabase('duckdb')
    await database.change(...tables, `insert into orders select i, 'x', 1, '2026-03-01' from range(100001) as t(i)`)
    const layer = layerOf(text(undefined, '  large: { metrics: [orders], by: [store], every: 1h }\n'))
    const deployment = open(database.engine, layer)
    expect(await refresh(deployment, 'large')).toMatchObject({ how: 'failed', error: { code: 'METRIC_TOO_LARGE' } })
    expect(await deployment.ledger.keptStates()).toMatchObject([{ complete: false }])
  })
})
