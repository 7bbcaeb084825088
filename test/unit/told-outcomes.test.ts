import { expect, test } from 'vitest'
import type { CheckOutcome } from '../../schemas/numbers.ts'
import { guardsOf } from '../../src/semantic/checks/guards-of.ts'
import { toldOutcomes } from '../../src/semantic/checks/told-outcomes.ts'
import { accessOf } from '../../src/semantic/plan/access.ts'
import { layerOf } from '../kit/shop-layer.ts'

const layer = layerOf(`
models:
  orders:
    connection: db
    table: orders
    primary: order
    entities: { store: { type: foreign } }
    measures: { amount: { agg: sum } }
    policy: [{ groups: [staff] }, { groups: [shop], rows: "store = 1" }]
  stores:
    connection: db
    table: stores
    entities: { store: { type: primary } }
    policy: [{ groups: [staff] }]
metrics:
  revenue:
    type: simple
    measure: amount
    checks: { some: { type: row_count, min: 9 }, own: { type: sql, query: select 1 } }
`)

function told(groups: readonly string[] | undefined, status: CheckOutcome['status']): readonly string[] {
  const caller = { id: 'test', groups: groups ?? [], admin: groups === undefined }
  const outcomes = guardsOf(layer, ['revenue']).map(({ metric, name }) => ({
    metric,
    name,
    status,
    at: null,
    message: 'm',
  }))
  return toldOutcomes(layer, outcomes, { caller, access: accessOf(layer, caller, undefined) }).map(
    ({ name, message }) => `${name}: ${message ?? '-'}`,
  )
}

test('an administrator is told everything', () => {
  expect(told(undefined, 'error')).toEqual(['some: m', 'own: m', 'key store of stores: m'])
})

test('who sees every row is told what was counted, but neither what an author’s SQL finds nor why something went wrong', () => {
  expect(told(['staff'], 'failed')).toEqual(['some: m', 'own: -', 'key store of stores: m'])
  expect(told(['staff'], 'error')).toEqual(['some: -', 'own: -', 'key store of stores: -'])
})

test('who sees some rows is told no count of all, and no name of a model that is hidden', () => {
  expect(told(['shop'], 'failed')).toEqual(['some: -', 'own: -'])
  expect(told(['nobody'], 'failed')).toEqual([])
})
