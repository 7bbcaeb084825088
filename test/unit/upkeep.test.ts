import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { LedgerNumbers } from '../../src/core/ledger-numbers.ts'
import { silentLog } from '../../src/core/log.ts'
import type { Engine } from '../../src/semantic/engine.ts'
import { keepOnce, keepWatch, type UpkeepContext, type UpkeepResult } from '../../src/semantic/upkeep/upkeep.ts'
import { memoryLedgerNumbers } from '../kit/memory-ledger-numbers.ts'
import { scriptedEngine } from '../kit/scripted-engine.ts'
import { layerOf } from '../kit/shop-layer.ts'

const layer = layerOf(`
models:
  orders: { connection: shop, table: orders, primary: order, measures: { orders: { agg: count, expr: 1 } } }
  books: { connection: bank, table: books, primary: booking, measures: { booked: { agg: sum } } }
metrics:
  orders: { type: simple, measure: orders, checks_every: 10m, checks: { some: { type: row_count, min: 1 } } }
  booked: { type: simple, measure: booked, checks: { some: { type: row_count, min: 1 } } }
queries:
  all_orders: { metrics: [orders], every: 30m }
  all_booked: { metrics: [booked], every: 30m }
`)

const start = Date.parse('2026-03-02T12:00:00Z')
const minute = 60_000

/** Time passes while somebody sleeps, and the signal fires at its end. */
function timeUntil(endMs: number): Clock & { readonly signal: AbortSignal } {
  const end = new AbortController()
  let now = start
  return {
    signal: end.signal,
    now: () => now,
    passed: () => now,
    sleep: async (ms) => {
      now += ms
      await turn()
      if (now >= start + endMs) end.abort()
    },
  }
}

const bankIsAway = new AquiferError('METRIC_ENGINE_UNREACHABLE', 'Connection bank: no answer.')

function contextWith(clock: Clock, more: Partial<UpkeepContext> = {}): UpkeepContext & { readonly shop: Engine } {
  let watermark = 0
  const answering = scriptedEngine(() => [[5]])
  const shop: Engine = {
    ...answering,
    run: async (...args) => ({ ...(await answering.run(...args)), watermark: String((watermark += 1)) }),
  }
  return {
    layer,
    shop,
    engine: (connection) => (connection === 'shop' ? Promise.resolve(shop) : Promise.reject(bankIsAway)),
    ledger: memoryLedgerNumbers(),
    origin: () => 'here',
    clock,
    log: silentLog,
    ...more,
  }
}

const told = ({ checks, kept }: UpkeepResult): readonly string[] => [
  ...checks.map(({ metric, status }) => `${metric} ${status}`),
  ...kept.map(({ query, how }) => `${query} ${how}`),
]

test('once, everything is run and kept, whatever becomes of one of the databases, and what is gone is forgotten', async () => {
  const clock = timeUntil(Infinity)
  const context = contextWith(clock)
  const at = '2026-03-01T00:00:00.000Z'
  const gone = { metric: 'orders', name: 'gone', definition: 'd', status: 'failed' as const, message: null, at }
  await context.ledger.noteChecks({ notes: [gone] })
  expect(told(await keepOnce(context, clock.signal))).toEqual([
    'orders passed',
    'booked error',
    'all_orders whole',
    'all_booked failed',
  ])
  expect((await context.ledger.checkNotes()).map(({ metric, name, status }) => `${metric} ${name} ${status}`)).toEqual([
    'booked some error',
    'orders some passed',
  ])
  expect(await context.ledger.keptStates()).toMatchObject([
    { name: 'all_orders', complete: true, lastError: undefined },
    { name: 'all_booked', complete: false, lastError: { code: 'METRIC_ENGINE_UNREACHABLE' } },
  ])
  expect(await context.ledger.takeLease({ name: 'numbers', run: 'another', leaseMs: 1 })).toBe(true)
})

test('while another process is at it, once is not at all', async () => {
  const clock = timeUntil(Infinity)
  const context = contextWith(clock)
  await context.ledger.takeLease({ name: 'numbers', run: 'another', leaseMs: 1 })
  expect(await keepOnce(context, clock.signal)).toEqual({ checks: [], kept: [], elsewhere: true })
  expect(clock.now() - start).toBeGreaterThanOrEqual(12_000)
  expect(await context.ledger.checkNotes()).toEqual([])
})

test('a watch runs each check and each query when it is due, and what failed again sooner', async () => {
  const clock = timeUntil(65 * minute)
  const results: string[] = []
  await keepWatch(contextWith(clock), {
    signal: clock.signal,
    onResult: (result) => {
      const at = Math.round((clock.now() - start) / minute)
      results.push(...told(result).map((one) => `${String(at)}: ${one}`))
    },
    onTrouble: (error) => void results.push(error.message),
  })
  const when = (what: string): readonly string[] =>
    results.filter((one) => one.endsWith(`: ${what}`)).map((one) => one.split(':')[0] ?? '')
  expect(when('orders passed')).toEqual(['0', '10', '20', '30', '40', '50', '60'])
  expect(when('booked error')).toEqual(['0', '60'])
  expect(when('all_orders whole')).toEqual(['0', '30', '60'])
  expect(when('all_booked failed')).toEqual([
    '0',
    '5',
    '10',
    '15',
    '20',
    '25',
    '30',
    '35',
    '40',
    '45',
    '50',
    '55',
    '60',
  ])
})

test('a watch rides out a ledger that is away, and does nothing while another process is at it', async () => {
  const clock = timeUntil(3 * minute)
  const ledger = memoryLedgerNumbers()
  await ledger.takeLease({ name: 'numbers', run: 'another', leaseMs: 1 })
  const away = { until: start + minute }
  const flaky: LedgerNumbers = {
    ...ledger,
    takeLease: async (args) => {
      if (clock.now() < away.until) throw new AquiferError('LEDGER_UNREACHABLE', 'away')
      if (clock.now() > start + 2 * minute) await ledger.dropLease({ name: 'numbers', run: 'another' })
      return ledger.takeLease(args)
    },
  }
  const troubles: string[] = []
  const results: number[] = []
  await keepWatch(contextWith(clock, { ledger: flaky }), {
    signal: clock.signal,
    onResult: () => void results.push(clock.now() - start),
    onTrouble: ({ code }) => void troubles.push(code),
  })
  expect(new Set(troubles)).toEqual(new Set(['LEDGER_UNREACHABLE']))
  expect(results[0]).toBeGreaterThan(2 * minute)
})
