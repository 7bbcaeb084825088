import { expect, test } from 'vitest'
import { MetricsFile, type MetricLayer } from '../../schemas/metrics.ts'
import type { Acl } from '../../schemas/config.ts'
import { readableBy, type Caller } from '../../src/core/caller.ts'
import { isVisible } from '../../src/semantic/plan/is-visible.ts'
import { listDimensions } from '../../src/semantic/ask/list-dimensions.ts'
import { cardOf } from '../../src/semantic/cards/card-of.ts'
import { readersOf } from '../../src/semantic/cards/readers-of.ts'
import { accessOf } from '../../src/semantic/plan/access.ts'
import { createRandom, type Random } from '../kit/random.ts'

interface Policies {
  readonly orders?: readonly object[]
  readonly customers?: readonly object[]
}

/** Orders with their customers; a metric of each model, and one of both. */
function layerOf({ orders = [], customers = [] }: Policies, said: object = {}): MetricLayer {
  return MetricsFile.parse({
    version: 1,
    models: {
      orders: {
        table: 'orders',
        time: 'ordered_at',
        entities: { order: { type: 'primary' }, customer: { type: 'foreign' } },
        dimensions: { ordered_at: { type: 'time', grain: 'day' }, channel: { type: 'categorical' } },
        measures: { amount: { agg: 'sum' } },
        policy: orders,
      },
      customers: {
        table: 'customers',
        entities: { customer: { type: 'primary' } },
        dimensions: { country: { type: 'categorical' }, segment: { type: 'categorical' } },
        measures: { people: { agg: 'count', expr: 1 } },
        policy: customers,
      },
    },
    metrics: {
      revenue: { type: 'simple', measure: 'amount', ...said },
      customer_count: { type: 'simple', measure: 'people' },
      revenue_each: { type: 'ratio', numerator: 'revenue', denominator: 'customer_count' },
    },
  })
}
const readers = (policies: Policies, open: Acl | undefined, metric: string): readonly string[] =>
  readersOf(layerOf(policies), open)(metric).entries

test('without a policy it is who reads a source that names nobody', () => {
  expect(readers({}, undefined, 'revenue')).toEqual([])
  expect(readers({}, { public: true }, 'revenue')).toEqual(['*'])
  expect(readers({}, { groups: ['staff', 'board'] }, 'revenue')).toEqual(['staff', 'board'])
})

test('with a policy it is the groups that it names, if every model of the metric has them', () => {
  const policies = { orders: [{ groups: ['sales', 'board'] }], customers: [{ groups: ['board'] }] }
  expect(readers(policies, { public: true }, 'revenue')).toEqual(['sales', 'board'])
  expect(readers(policies, { public: true }, 'customer_count')).toEqual(['board'])
  expect(readers(policies, { public: true }, 'revenue_each')).toEqual(['board'])
})

test('a group that does not see the measure does not read of the metric', () => {
  const policies = { orders: [{ groups: ['sales'] }, { groups: ['interns'], hidden: ['amount'] }] }
  expect(readers(policies, undefined, 'revenue')).toEqual(['sales'])
})

test('a group that another one takes the measure from is not among them', () => {
  const orders = [
    { groups: ['sales'], rows: "channel = 'web'" },
    { groups: ['interns'], rows: "channel = 'shop'", hidden: ['amount'] },
  ]
  expect(readers({ orders }, undefined, 'revenue')).toEqual([])
  expect(readers({ orders: [{ groups: ['sales'] }, ...orders.slice(1)] }, undefined, 'revenue')).toEqual(['sales'])
})

test('everybody are not those whom the policy hides it from', () => {
  const orders = [
    { groups: ['*'], rows: "channel = 'web'" },
    { groups: ['interns'], rows: "channel = 'shop'", hidden: ['amount'] },
  ]
  expect(readers({ orders }, undefined, 'revenue')).toEqual([])
  expect(readers({ orders: [{ groups: ['*'] }] }, undefined, 'revenue')).toEqual(['*'])
})

test('a card says what it is called, what it means, and what all of its readers can ask it by', () => {
  const customers = [{ groups: ['board'] }, { groups: ['sales'], hidden: ['segment'] }]
  const said = {
    label: 'Net revenue',
    description: 'What customers paid',
    synonyms: ['sales', 'turnover'],
    scope: 'without tests',
    owner: 'fin@shop.example',
  }
  const layer = layerOf({ orders: [{ groups: ['board', 'sales'] }], customers }, said)
  expect(cardOf(layer, 'revenue', readersOf(layer, undefined))).toEqual({
    title: 'Net revenue (metric revenue)',
    text: `Net revenue is a metric: ask query_metrics for revenue.

What customers paid

Also called: sales, turnover

Scope: without tests

Status: draft

By: metric time (metric_time), order ordered at (order__ordered_at), order channel (order__channel), order (order), customer (customer), customer country (customer__country)`,
    status: 'draft',
    owner: 'fin@shop.example',
    readers: ['board', 'sales'],
  })
})

test('a card names a successor only where all of its readers know that one too', () => {
  const said = { status: 'deprecated', successor: 'revenue_each' }
  const status = (customers: readonly object[]): unknown => {
    const layer = layerOf({ orders: [{ groups: ['board', 'sales'] }], customers }, said)
    return /Status: [^"\\]*/.exec(JSON.stringify(cardOf(layer, 'revenue', readersOf(layer, undefined))))?.[0]
  }
  expect(status([{ groups: ['board', 'sales'] }])).toBe('Status: deprecated, use revenue_each')
  expect(status([{ groups: ['board'] }])).toBe('Status: deprecated')
})

const groups = ['a', 'b', 'c', 'd']
const items = ['amount', 'people', 'channel', 'country', 'segment', 'ordered_at']

function randomPolicy(random: Random): readonly object[] {
  return Array.from({ length: random.int(0, 3) }, () => ({
    groups: random.some([...groups, '*'], random.int(1, 2)),
    hidden: random.some(items, random.int(0, 2)),
    ...(random.next() < 0.5 ? { rows: 'true' } : {}),
  }))
}

test('whoever reads a card sees the metric, and everything that the card names', () => {
  const random = createRandom(20261122)
  let read = 0
  for (let round = 0; round < 1500; round++) {
    const layer = layerOf({ orders: randomPolicy(random), customers: randomPolicy(random) })
    const open = [undefined, { public: true as const }, { groups: random.some(groups, 1) }][random.int(0, 2)]
    const caller: Caller = { id: 'x', groups: random.some(groups, random.int(0, 4)), admin: false }
    const access = accessOf(layer, caller, open)
    const mine = readableBy(caller) ?? []
    for (const name of Object.keys(layer.metrics)) {
      const found = readersOf(layer, open)(name)
      if (!found.entries.some((entry) => mine.includes(entry))) continue
      read++
      expect(isVisible(layer, name, access)).toBe(true)
      const shown = listDimensions({ layer }, [name], found.access).map((dimension) => dimension.name)
      const allowed = listDimensions({ layer }, [name], access).map((dimension) => dimension.name)
      expect(shown.filter((dimension) => !allowed.includes(dimension))).toEqual([])
    }
  }
  expect(read).toBeGreaterThan(500)
})
