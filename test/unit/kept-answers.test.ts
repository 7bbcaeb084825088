import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { compileQuestion } from '../../src/semantic/compile.ts'
import { keptAnswer } from '../../src/semantic/kept/kept-answer.ts'
import { refreshKept } from '../../src/semantic/kept/refresh-kept.ts'
import { accessOf } from '../../src/semantic/plan/access.ts'
import type { Question } from '../../src/semantic/question.ts'
import { memoryLedgerNumbers } from '../kit/memory-ledger-numbers.ts'
import { scriptedEngine } from '../kit/scripted-engine.ts'
import { layerOf } from '../kit/shop-layer.ts'

const text = `
models:
  orders:
    connection: db
    table: orders
    time: ordered_on
    primary: order
    dimensions:
      ordered_on: { type: time, grain: day }
      channel: { type: categorical }
    measures:
      amount: { agg: sum }
      orders: { agg: count, expr: 1 }
      middle: { agg: median, expr: amount }
      stock: { agg: sum, expr: amount, over_time: { dimension: ordered_on, choose: max } }
    policy:
      - { groups: [all] }
      - { groups: [web], rows: "channel = 'web'" }
      - { groups: [blind], hidden: [channel] }
metrics:
  revenue: { type: simple, measure: amount }
  orders: { type: simple, measure: orders }
  middle: { type: simple, measure: middle }
  stock: { type: simple, measure: stock }
  web: { type: simple, measure: { name: orders, filter: "order__channel = 'web'" } }
  average: { type: ratio, numerator: revenue, denominator: orders }
  so_far: { type: cumulative, measure: amount }
  none: { type: simple, measure: { name: amount, fill: 0 } }
  seven: { type: simple, measure: { name: amount, fill: 7 } }
queries:
  daily: { metrics: [revenue, orders, average, middle], by: [metric_time__day, order__channel], every: 1h }
  not_daily: { metrics: [so_far, stock], by: [metric_time__day, order__channel], every: 1h }
  filled: { metrics: [none, seven], by: [metric_time__day], every: 1h }
  by_channel: { metrics: [middle], by: [order__channel, metric_time__day], every: 1h }
  ten: { metrics: [web], by: [metric_time__day], order: [-web], limit: 10, every: 1h }
  plain: { metrics: [web], by: [order__channel] }
  channels: { by: [order__channel], every: 1h }
`
const layer = layerOf(text)

const start = Date.parse('2026-03-02T12:00:00Z')
const days = ['2026-01-31', '2026-02-01', '2026-02-02'].map((day) => `${day}T00:00:00`)

/** Columns and rows of what is kept, as an engine gives them. */
const results: Readonly<Record<string, readonly (readonly (string | number | null)[])[]>> = {
  daily: [
    [days[0] ?? '', 'shop', 10.1, 1, 10.1, 10.1],
    [days[0] ?? '', 'web', 20.2, 2, 10.1, 10.1],
    [days[1] ?? '', 'web', 30.3, 3, 10.1, 10.1],
    [days[2] ?? '', 'web', null, 1, null, null],
    [null, 'shop', 5, 1, 5, 5],
  ],
  not_daily: [[days[0] ?? '', 'shop', 10.1, 10.1]],
  filled: [
    [days[0] ?? '', 10, 10],
    [days[1] ?? '', 0, 7],
  ],
  by_channel: [
    ['shop', days[0] ?? '', 1],
    ['shop', null, 2],
    ['web', days[1] ?? '', 3],
  ],
  ten: [[days[0] ?? '', 2]],
  channels: [['shop'], ['web'], [null]],
}
const types = {
  daily: 'time text number number number number',
  not_daily: 'time text number number',
  filled: 'time number number',
  by_channel: 'text time number',
  ten: 'time number',
  channels: 'text',
}

async function keep() {
  const ledger = memoryLedgerNumbers()
  for (const [name, rows] of Object.entries(results)) {
    const engine = scriptedEngine(() => rows)
    const columns = (types[name as keyof typeof types] ?? '').split(' ')
    const run: typeof engine.run = async (...args) => {
      const result = await engine.run(...args)
      const typed = columns.map((type, index) => ({
        name: `c${String(index)}`,
        type: type === 'time' ? ('timestamp' as const) : type === 'text' ? ('text' as const) : ('number' as const),
      }))
      return { ...result, columns: typed }
    }
    const context = {
      layer,
      engine: () => Promise.resolve({ ...engine, run }),
      ledger,
      origin: () => 'here',
      clock: { ...systemClock, now: () => start },
      log: silentLog,
    }
    expect(await refreshKept(context, name, { state: undefined })).toMatchObject({ how: 'whole' })
  }
  return ledger
}

interface Asking {
  readonly groups?: readonly string[]
  readonly nowMs?: number
  readonly origin?: string
  readonly layer?: typeof layer
}

async function ask(question: Partial<Question>, asking: Asking = {}) {
  const { groups, nowMs = start, origin = 'here', layer: asked = layer } = asking
  const caller = { id: 'test', groups: groups ?? [], admin: groups === undefined }
  const access = accessOf(asked, caller, undefined)
  const whole: Question = { metrics: [], by: [], order: [], distinct: true, extent: false, ...question }
  const compiled = compileQuestion(asked, whole, { dialect: 'duckdb', access })
  if ('refusal' in compiled) throw new Error(compiled.refusal.message)
  const context = {
    layer: asked,
    ledger: await keep(),
    origin: () => origin,
    clock: { ...systemClock, now: () => nowMs },
  }
  return keptAnswer(context, { question: whole, compiled, access, dialect: 'duckdb' })
}

const rowsOf = async (...args: Parameters<typeof ask>) => (await ask(...args))?.result.rows
const daily: Partial<Question> = {
  metrics: ['revenue', 'orders', 'average', 'middle'],
  by: ['metric_time__day', 'order__channel'],
}

test('the same question has the kept answer, with the moment it is of', async () => {
  const kept = await ask(daily)
  expect(kept).toMatchObject({ asOf: '2026-03-02T12:00:00.000Z', query: 'daily' })
  expect(kept?.result).toMatchObject({ watermark: 'w', truncated: false, rows: results['daily'] })
  expect(kept?.result.columns).toEqual([
    { name: 'metric_time__day', type: 'timestamp' },
    { name: 'order__channel', type: 'text' },
    { name: 'revenue', type: 'number' },
    { name: 'orders', type: 'number' },
    { name: 'average', type: 'number' },
    { name: 'middle', type: 'number' },
  ])
  expect(await rowsOf({ by: ['order__channel'] })).toEqual(results['channels'])
})

test('only callers who see everything of the models have it', async () => {
  expect(await rowsOf(daily, { groups: ['all'] })).toHaveLength(5)
  expect(await rowsOf(daily, { groups: ['web'] })).toBeUndefined()
  const ten = { metrics: ['web'], by: ['metric_time__day'], order: ['-web'], limit: 10 }
  expect(await rowsOf(ten, { groups: ['all'] })).toHaveLength(1)
  expect(await rowsOf(ten, { groups: ['blind'] })).toBeUndefined()
})

test('it is no answer any more when it is old, or of another definition or database', async () => {
  expect(await rowsOf(daily, { nowMs: start + 7_200_000 })).toHaveLength(5)
  expect(await rowsOf(daily, { nowMs: start + 7_200_001 })).toBeUndefined()
  expect(await rowsOf(daily, { origin: 'elsewhere' })).toBeUndefined()
  expect(
    await rowsOf(daily, { layer: layerOf(text.replace('amount: { agg: sum }', 'amount: { agg: max }')) }),
  ).toBeUndefined()
})

test.for<[what: string, question: Partial<Question>, rows: readonly (readonly unknown[])[]]>([
  [
    'fewer metrics of the same rows',
    { ...daily, metrics: ['orders'] },
    [
      [days[0], 'shop', 1],
      [days[0], 'web', 2],
      [days[1], 'web', 3],
      [days[2], 'web', 1],
      [null, 'shop', 1],
    ],
  ],
  [
    'columns in another order',
    { metrics: ['orders'], by: ['order__channel', 'metric_time__day'] },
    [
      ['shop', days[0], 1],
      ['shop', null, 1],
      ['web', days[0], 2],
      ['web', days[1], 3],
      ['web', days[2], 1],
    ],
  ],
  ['whole periods', { ...daily, metrics: ['orders'], from: '2026-02', to: '2026-02-01' }, [[days[1], 'web', 3]]],
  [
    'a condition on a kept column',
    { ...daily, metrics: ['orders'], where: "order__channel = 'shop'" },
    [
      [days[0], 'shop', 1],
      [null, 'shop', 1],
    ],
  ],
  [
    'nothing is neither equal nor unequal',
    { ...daily, metrics: ['orders'], where: "metric_time__day <> '2026-01-31' and order__channel in ('shop', 'web')" },
    [
      [days[1], 'web', 3],
      [days[2], 'web', 1],
    ],
  ],
  [
    'an order of its own, nothing last',
    { ...daily, metrics: ['revenue'], order: ['-revenue'], limit: 3 },
    [
      [days[1], 'web', 30.3],
      [days[0], 'web', 20.2],
      [days[0], 'shop', 10.1],
    ],
  ],
  [
    'sums and counts of months',
    { metrics: ['revenue', 'orders'], by: ['metric_time__month', 'order__channel'] },
    [
      ['2026-01-01T00:00:00', 'shop', 10.1, 1],
      ['2026-01-01T00:00:00', 'web', 20.2, 2],
      ['2026-02-01T00:00:00', 'web', 30.3, 4],
      [null, 'shop', 5, 1],
    ],
  ],
  [
    'sums and counts of all time',
    { metrics: ['revenue', 'orders'], by: ['order__channel'] },
    [
      ['shop', 15.1, 2],
      ['web', 50.5, 6],
    ],
  ],
  [
    'a sum of months where nothing counts as 0',
    { metrics: ['none'], by: ['metric_time__month'] },
    [
      ['2026-01-01T00:00:00', 10],
      ['2026-02-01T00:00:00', 0],
    ],
  ],
  [
    'whole periods that are not the first column',
    { metrics: ['middle'], by: ['order__channel', 'metric_time__day'], from: '2026' },
    [
      ['shop', days[0], 1],
      ['web', days[1], 3],
    ],
  ],
  [
    'a condition on time by its usual grain',
    { ...daily, metrics: ['orders'], where: "metric_time >= '2026-02-02'" },
    [[days[2], 'web', 1]],
  ],
  ['a sum of nothing', { metrics: ['none'], from: '2027' }, [[0]]],
])('%s is had from it', async ([, question, rows]) => {
  expect(await rowsOf(question)).toEqual(rows)
})

test.for<[what: string, question: Partial<Question>]>([
  ['a metric of other rows', { ...daily, metrics: ['revenue', 'web'] }],
  [
    'a part of a period',
    { metrics: ['orders'], by: ['metric_time__month', 'order__channel'], from: '2026-01-15T12:00' },
  ],
  [
    'a condition on what is not a column',
    { metrics: ['orders'], by: ['metric_time__day', 'order__channel'], where: 'metric_time__extract_dow = 1' },
  ],
  ['a text that is not there', { ...daily, where: "order__channel = 'WEB'" }],
  ['the order of texts', { ...daily, where: "order__channel > 'shop'" }],
  ['a pattern', { ...daily, where: "order__channel like 'w%'" }],
  ['one column less', { metrics: ['orders'], by: ['metric_time__day'] }],
  ['an average of months', { metrics: ['average'], by: ['metric_time__month', 'order__channel'] }],
  ['a sum of months where nothing counts as seven', { metrics: ['seven'], by: ['metric_time__month'] }],
  ['a median of months', { metrics: ['middle'], by: ['metric_time__month', 'order__channel'] }],
  ['what is chosen over time, of months', { metrics: ['stock'], by: ['metric_time__month', 'order__channel'] }],
  [
    'what is chosen over time, of some rows',
    { metrics: ['stock', 'so_far'], by: ['metric_time__day', 'order__channel'], where: "order__channel = 'shop'" },
  ],
  [
    'a running number of some days',
    { metrics: ['so_far', 'stock'], by: ['metric_time__day', 'order__channel'], from: '2026-02' },
  ],
  ['more rows than are kept', { metrics: ['web'], by: ['metric_time__day'], order: ['-web'] }],
  ['the first rows in another order', { metrics: ['web'], by: ['metric_time__day'], order: ['web'], limit: 1 }],
  ['a saved query that is not kept', { metrics: ['web'], by: ['order__channel'] }],
  ['every row of a column', { by: ['order__channel'], distinct: false }],
  ['the ends of a column', { by: ['order__channel'], extent: true }],
])('%s is asked of the database', async ([, question]) => {
  expect(await rowsOf(question)).toBeUndefined()
})

test('the first rows are had from more of them in the same order', async () => {
  expect(await rowsOf({ metrics: ['web'], by: ['metric_time__day'], order: ['-web'], limit: 5 })).toEqual(
    results['ten'],
  )
})
