import { expect, test } from 'vitest'
import { findCheckFaults } from '../../src/semantic/checks/find-check-faults.ts'
import { layerOf } from '../kit/shop-layer.ts'

const faults = (metric: string): readonly string[] =>
  findCheckFaults(
    layerOf(`
models:
  orders:
    connection: db
    table: orders
    time: ordered_at
    entities: { order: { type: primary }, store: { type: foreign } }
    dimensions: { ordered_at: { type: time, grain: day } }
    measures: { amount: { agg: sum } }
  stock:
    connection: db
    table: stock
    primary: item
    measures: { pieces: { agg: sum } }
metrics:
  pieces: { type: simple, measure: pieces }
  revenue: { type: simple, measure: amount, ${metric} }
`),
  ).map(({ path, message }) => `${path.join('.')}: ${message}`)

test.for([
  [
    'an unknown column',
    'checks: { known: { type: not_null, column: amout } }',
    'metrics.revenue.checks.known.column: orders has no entity, dimension or measure amout; did you mean amount?',
  ],
  [
    'a value that is none',
    'checks: { ok: { type: accepted_values, column: amount, values: [1, [2]] } }',
    'metrics.revenue.checks.ok.values.1: is no text, number or boolean',
  ],
  [
    'an unknown entity',
    'checks: { ok: { type: relationship, entity: stor } }',
    'metrics.revenue.checks.ok.entity: orders has no entity stor; did you mean store?',
  ],
  [
    'an entity that nothing holds',
    'checks: { ok: { type: relationship, entity: store } }',
    'metrics.revenue.checks.ok.entity: no model of the same connection holds what store points to',
  ],
  ['a band without ends', 'checks: { ok: { type: row_count } }', 'metrics.revenue.checks.ok: needs `min` or `max`'],
  [
    'a band turned round',
    'checks: { ok: { type: row_count, min: 2, max: 1 } }',
    'metrics.revenue.checks.ok.min: is more than `max`',
  ],
  [
    'a metric that is not there',
    'checks: { ok: { type: reconcile, with: peces } }',
    'metrics.revenue.checks.ok.with: there is no metric peces; did you mean pieces?',
  ],
  [
    'a metric held against itself',
    'checks: { ok: { type: reconcile, with: revenue } }',
    'metrics.revenue.checks.ok.with: a metric always agrees with itself',
  ],
  [
    'another check of the name that freshness takes',
    'freshness: 1h, checks: { freshness: { type: row_count, min: 1 } }',
    'metrics.revenue.checks.freshness: is the name of the check that `freshness` of this metric makes; choose another',
  ],
])('%s is refused with its place', ([, metric = '', fault]) => {
  expect(faults(metric)).toEqual([fault])
})

test('freshness of what has no time is refused, and sound checks are not', () => {
  const timeless = layerOf(`
models:
  stock: { connection: db, table: stock, primary: item, measures: { pieces: { agg: sum } } }
metrics:
  pieces: { type: simple, measure: pieces, freshness: 1h, checks: { ok: { type: freshness, within: 1h } } }
`)
  expect(findCheckFaults(timeless).map(({ path }) => path.join('.'))).toEqual([
    'metrics.pieces.freshness',
    'metrics.pieces.checks.ok',
  ])
  expect(faults('freshness: 1h, checks: { freshness: { type: freshness, within: 2h } }')).toEqual([])
})
