import { describe, expect, test } from 'vitest'
import type { MetricLayer } from '../../schemas/metrics.ts'
import type { CheckOutcome } from '../../schemas/numbers.ts'
import { systemClock, type Clock } from '../../src/core/clock.ts'
import type { CheckNote } from '../../src/core/ledger-numbers.ts'
import { silentLog } from '../../src/core/log.ts'
import { guardsOf } from '../../src/semantic/checks/guards-of.ts'
import { runChecks } from '../../src/semantic/checks/run-checks.ts'
import type { Engine } from '../../src/semantic/engine.ts'
import { metricDatabases, openMetricDatabase } from '../kit/metric-database.ts'
import { layerOf } from '../kit/shop-layer.ts'

const tables = [
  'create table orders (id integer, customer_id integer, status varchar(20), is_paid boolean, amount decimal(12, 2), ordered_at timestamp null)',
  'create table customers (id integer, country varchar(2))',
  'create table tiers (customer_id integer, tier varchar(10), since date, until date)',
  'create table stock (item integer, day date, pieces integer)',
  `insert into orders values
    (1, 1, 'paid', true, 10.10, '2026-03-01 08:00:00'), (2, 2, 'open', false, 20.20, '2026-03-01 09:00:00'),
    (3, 2, 'paid', true, 30.30, '2026-03-02 10:00:00'), (4, 9, 'lost', null, null, '2026-03-02 11:30:00'),
    (4, null, null, true, 40.40, '2026-03-02 11:30:00')`,
  `insert into customers values (1, 'de'), (2, 'us'), (3, 'us')`,
  `insert into tiers values (1, 'gold', '2026-01-01', '2026-02-01'), (1, 'none', '2026-02-01', null),
    (2, 'gold', '2026-01-01', '2026-03-01'), (2, 'none', '2026-02-15', null)`,
  `insert into stock values (1, '2026-03-01', 5), (1, '2026-03-02', 4), (2, '2026-03-01', 1)`,
]

const models = `
models:
  orders:
    connection: db
    table: orders
    time: ordered_at
    entities:
      order: { type: primary, expr: id }
      customer: { type: foreign, expr: customer_id }
      member: { type: foreign, expr: customer_id }
    dimensions:
      status: { type: categorical }
      ordered_at: { type: time, grain: second, zone: UTC }
      local_time: { type: time, grain: second, expr: ordered_at }
      berlin_time: { type: time, grain: second, expr: ordered_at, zone: Europe/Berlin }
    measures:
      amount: { agg: sum }
      local_amount: { agg: sum, expr: amount, time: local_time }
      berlin_amount: { agg: sum, expr: amount, time: berlin_time }
      paid_amount: { agg: sum, expr: case when is_paid then amount end }
  customers:
    connection: db
    table: customers
    entities:
      customer: { type: primary, expr: id }
    dimensions:
      country: { type: categorical }
`

/** The layer with these checks of the metric `revenue`. */
const checked = (checks: string, more = ''): MetricLayer =>
  layerOf(`${models}${more}
metrics:
  paid: { type: simple, measure: paid_amount }
  revenue:
    type: simple
    measure: amount
    checks:
${checks
  .trim()
  .split('\n')
  .map((line) => `      ${line.trim()}`)
  .join('\n')}
`)

const noon: Clock = { ...systemClock, now: () => Date.parse('2026-03-02T12:00:00Z') }

async function run(
  layer: MetricLayer,
  engine: Engine,
  metrics: readonly string[] = ['revenue'],
): Promise<readonly CheckOutcome[]> {
  const notes: CheckNote[] = []
  const ledger = {
    noteChecks: (args: { readonly notes: readonly CheckNote[] }) => Promise.resolve(void notes.push(...args.notes)),
  }
  const context = { layer, engine: () => Promise.resolve(engine), ledger, clock: noon, log: silentLog }
  const outcomes = await runChecks(context, guardsOf(layer, metrics))
  expect(notes.map(({ definition: _definition, ...note }) => note)).toEqual(outcomes)
  return outcomes
}

const told = (outcomes: readonly CheckOutcome[]): Record<string, string> =>
  Object.fromEntries(outcomes.map(({ name, status, message }) => [name, `${status}: ${message ?? ''}`]))

describe.each(metricDatabases)('checks on %s', (kind) => {
  test('each kind says how many rows hold, or do not', async () => {
    await using database = await openMetricDatabase(kind)
    await database.change(...tables)
    const layer = checked(`
      amount_known: { type: not_null, column: amount }
      time_known: { type: not_null, column: ordered_at }
      order_once: { type: unique, column: order }
      amount_once: { type: unique, column: amount }
      statuses: { type: accepted_values, column: status, values: [paid, open] }
      all_statuses: { type: accepted_values, column: status, values: [paid, open, lost] }
      customers_known: { type: relationship, entity: customer }
      many: { type: row_count, min: 1000 }
      some: { type: row_count, min: 1, max: 5 }
      fresh: { type: freshness, within: 1h }
      stale: { type: freshness, within: 10m }
      none_lost: { type: sql, query: "select id from orders where status = 'lost';" }
      none_odd: { type: sql, query: "select id, id from orders where amount < 0 -- never" }
      booked: { type: reconcile, with: paid }
      nearly_booked: { type: reconcile, with: paid, tolerance: 25 }
    `)
    expect(told(await run(layer, database.engine))).toEqual({
      amount_known: 'failed: 1 of 5 rows have no value of amount.',
      time_known: 'passed: All 5 rows have a value of ordered_at.',
      order_once: 'failed: 1 of 4 values of order occur more than once.',
      amount_once: 'passed: All 4 values of amount occur once.',
      statuses: 'failed: 1 of 4 rows have a value of status that is not accepted.',
      all_statuses: 'passed: All 4 rows with a value of status have an accepted one.',
      customers_known: 'failed: 1 of 4 rows that name one of customers by customer do not find it.',
      many: 'failed: orders has 5 rows; expected are at least 1,000.',
      some: 'passed: orders has 5 rows.',
      fresh: 'passed: The newest row of orders is 30 min old.',
      stale: 'failed: The newest row of orders is 30 min old; promised are 10 min.',
      none_lost: 'failed: It returns 1 row.',
      none_odd: 'passed: It returns no row.',
      booked: 'failed: The totals of revenue and paid differ.',
      nearly_booked: 'passed: The totals of revenue and paid agree.',
      'key customer of customers': 'passed: 3 rows, each the only one of its customer.',
    })
  })

  test('a check that cannot be run is an error, tells no row, and stops no other', async () => {
    await using database = await openMetricDatabase(kind)
    await database.change(...tables, 'alter table orders drop column status')
    const layer = checked(`
      statuses: { type: accepted_values, column: status, values: [paid] }
      gone: { type: sql, query: select * from nowhere }
      writes: { type: sql, query: delete from orders }
      some: { type: row_count, min: 1 }
    `)
    const outcomes = told(await run(layer, database.engine))
    expect(outcomes['statuses']).toMatch(/^error: METRIC_SQL_FAILED: Connection db: .*status/)
    expect(outcomes['gone']).toMatch(/^error: METRIC_TABLE_UNKNOWN: /)
    expect(outcomes['writes']).toMatch(/^error: /)
    expect(outcomes['some']).toBe('passed: orders has 5 rows.')
    expect(JSON.stringify(outcomes)).not.toContain('select')
  })

  test('a key is checked within its partitions, and where rows hold for a time, at each time', async () => {
    await using database = await openMetricDatabase(kind)
    await database.change(...tables)
    const layer = checked(
      'some: { type: row_count, min: 1 }',
      `
  tiers:
    connection: db
    table: tiers
    entities:
      member: { type: natural, expr: customer_id }
    dimensions:
      tier: { type: categorical }
      since: { type: time, grain: day, validity: start }
      until: { type: time, grain: day, validity: end }
  stock:
    connection: db
    table: stock
    entities:
      order: { type: primary, expr: item }
    dimensions:
      day: { type: time, grain: day, partition: true }
`,
    )
    expect(told(await run(layer, database.engine))).toEqual({
      some: 'passed: orders has 5 rows.',
      'key customer of customers': 'passed: 3 rows, each the only one of its customer.',
      'key member of tiers': 'failed: 1 of 4 rows begin before the one before of the same member has ended.',
      'key order of stock': 'passed: 3 rows, each the only one of its order.',
    })
    await database.change(
      `update tiers set until = '2026-02-15' where tier = 'gold' and customer_id = 2`,
      `insert into tiers values (1, 'empty', '2026-01-15', '2026-01-15'), (2, 'never', null, null)`,
      `insert into stock values (2, '2026-03-01', 1), (null, '2026-03-01', 1), (3, null, 1), (3, null, 2)`,
      'insert into customers values (null, null), (3, null)',
    )
    expect(told(await run(layer, database.engine))).toMatchObject({
      'key customer of customers': 'failed: 1 value of customer occurs more than once; 1 of 5 rows have no customer.',
      'key member of tiers': 'passed: 6 rows, each the only one of its member.',
      'key order of stock': 'failed: 1 value of order occurs more than once; 1 of 7 rows have no order.',
    })
  })

  test('the clock is held against UTC: a declared zone is converted, a local time is taken for it', async () => {
    await using database = await openMetricDatabase(kind)
    await database.change(...tables)
    const layer = layerOf(`${models}
metrics:
  local: { type: simple, measure: local_amount, freshness: 2h }
  berlin: { type: simple, measure: berlin_amount, freshness: 1h }
  both: { type: ratio, numerator: local, denominator: berlin, freshness: 3d }
`)
    const outcomes = await run(layer, database.engine, ['both'])
    expect(outcomes.filter(({ name }) => name === 'freshness')).toMatchObject([
      {
        metric: 'both',
        status: 'passed',
        message:
          'The newest row of orders is 30 min old, if local_time is in UTC. The newest row of orders is 1 h 30 min old.',
      },
      { metric: 'local', status: 'passed' },
      { metric: 'berlin', status: 'failed', message: 'The newest row of orders is 1 h 30 min old; promised are 1 h.' },
    ])
    await database.change('delete from orders')
    const [first] = await run(layer, database.engine, ['local'])
    expect(first).toMatchObject({ name: 'freshness', status: 'failed', message: 'No row of orders has a time.' })
  })
})
