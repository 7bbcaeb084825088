import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { CheckNote } from '../../src/core/ledger-numbers.ts'
import { silentLog } from '../../src/core/log.ts'
import { guardsOf } from '../../src/semantic/checks/guards-of.ts'
import { dueChecks, outcomesOf } from '../../src/semantic/checks/outcomes-of.ts'
import { runChecks, type CheckContext } from '../../src/semantic/checks/run-checks.ts'
import type { Engine } from '../../src/semantic/engine.ts'
import { scriptedEngine } from '../kit/scripted-engine.ts'
import { layerOf } from '../kit/shop-layer.ts'

const text = `
models:
  orders:
    connection: shop
    table: orders
    time: ordered_at
    entities: { order: { type: primary }, store: { type: foreign } }
    dimensions: { ordered_at: { type: time, grain: day } }
    measures: { amount: { agg: sum }, orders: { agg: count, expr: 1 } }
  stores:
    connection: shop
    table: stores
    entities: { store: { type: primary } }
  books:
    connection: bank
    table: books
    primary: booking
    measures: { booked: { agg: sum } }
metrics:
  revenue: { type: simple, measure: amount, freshness: 1h }
  orders: { type: simple, measure: orders, checks_every: 5m, checks: { some: { type: row_count, min: 1 } } }
  average: { type: ratio, numerator: revenue, denominator: orders }
  booked: { type: simple, measure: booked, checks: { some: { type: row_count, min: 1 } } }
  often: { type: simple, measure: orders, filter: "metric(booked) > 1", checks: { some: { type: row_count, min: 1 } } }
`
const layer = layerOf(text)
const now = Date.parse('2026-03-02T12:00:00Z')

function contextWith(
  engine: (connection: string) => Promise<Engine>,
  notes: CheckNote[] = [],
): CheckContext & { readonly notes: CheckNote[] } {
  return {
    layer,
    engine,
    notes,
    ledger: { noteChecks: (args) => Promise.resolve(void notes.push(...args.notes)) },
    clock: { ...systemClock, now: () => now },
    log: silentLog,
  }
}

const names = (guards: readonly { readonly metric: string; readonly name: string }[]): readonly string[] =>
  guards.map(({ metric, name }) => `${metric}: ${name}`)

test('a metric is guarded by its own checks, its joins, and the checks of what it is made of or filtered by', () => {
  expect(names(guardsOf(layer, ['average']))).toEqual([
    'revenue: freshness',
    'revenue: key store of stores',
    'orders: some',
    'orders: key store of stores',
  ])
  expect(names(guardsOf(layer, ['often']))).toEqual(['often: some', 'often: key store of stores', 'booked: some'])
})

test('a statement that several checks share runs once', async () => {
  const engine = scriptedEngine(() => [[5, 0, 0]])
  const outcomes = await runChecks(
    contextWith(() => Promise.resolve(engine)),
    guardsOf(layer, ['average']),
  )
  expect(outcomes).toHaveLength(4)
  expect(engine.asked).toHaveLength(3)
})

test('a connection that cannot be opened fails its own checks only, and they say why', async () => {
  const shop = scriptedEngine(() => [[5, 0, 0]])
  const context = contextWith((connection) =>
    connection === 'shop'
      ? Promise.resolve(shop)
      : Promise.reject(new AquiferError('CONFIG_SECRET_MISSING', 'BANK_URL is not set.')),
  )
  const outcomes = await runChecks(context, guardsOf(layer, ['orders', 'booked']))
  expect(names(outcomes)).toEqual(['orders: some', 'orders: key store of stores', 'booked: some'])
  expect(outcomes.map(({ status }) => status)).toEqual(['passed', 'passed', 'error'])
  expect(outcomes[2]?.message).toBe('CONFIG_SECRET_MISSING: BANK_URL is not set.')
})

test('when the caller goes away, what was found until then is kept', async () => {
  const gone = new AbortController()
  const engine = scriptedEngine(() => {
    if (engine.asked.length === 2) gone.abort(new Error('gone'))
    return [[5, 0, 0]]
  })
  const context = contextWith(() => Promise.resolve(engine))
  await expect(runChecks(context, guardsOf(layer, ['average']), gone.signal)).rejects.toThrow('gone')
  expect(names(context.notes)).toEqual(['revenue: freshness', 'revenue: key store of stores'])
})

test('an outcome counts until its definition changes, and a check is due again after its time', async () => {
  const context = contextWith(() => Promise.resolve(scriptedEngine(() => [[5, 0, 0]])))
  expect(dueChecks(layer, [], now)).toHaveLength(7)
  await runChecks(context, guardsOf(layer, Object.keys(layer.metrics)))
  const { notes } = context
  expect(outcomesOf(layer, ['orders'], notes).map(({ status }) => status)).toEqual(['passed', 'passed'])
  expect(dueChecks(layer, notes, now + 299_999)).toEqual([])
  expect(names(dueChecks(layer, notes, now + 300_000))).toEqual(['orders: some', 'orders: key store of stores'])
  expect(dueChecks(layer, notes, now + 3_600_000)).toHaveLength(7)
  const changed = layerOf(text.replace('table: stores', 'table: all_stores').replace('min: 1 }', 'min: 2 }'))
  expect(outcomesOf(changed, ['orders'], notes)).toMatchObject([
    { name: 'some', status: 'never', at: null, message: null },
    { name: 'key store of stores', status: 'never' },
  ])
  expect(names(dueChecks(changed, notes, now))).toEqual([
    'revenue: key store of stores',
    'orders: some',
    'orders: key store of stores',
    'often: key store of stores',
  ])
})
