import { expect, test } from 'vitest'
import type { Caller } from '../../src/core/caller.ts'
import { createCallGate } from '../../src/mcp/call-gate.ts'

const callers = ['anna', 'ben', 'cleo'].map((id): Caller => ({ id, groups: [], admin: false }))
const [anna, ben] = callers as [Caller, Caller, Caller]
const never = new AbortController().signal

/** Work that ends when it is told to. */
function openWork() {
  const order: string[] = []
  const ends: (() => void)[] = []
  return {
    order,
    started: () => new Promise((resolve) => setImmediate(resolve)),
    work: (name: string) => async (): Promise<string> => {
      order.push(name)
      await new Promise<void>((resolve) => ends.push(resolve))
      return name
    },
    endNext: async (): Promise<void> => {
      ends.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

test('calls run at once up to the limits, and the next ones in turn', async () => {
  const gate = createCallGate({ perCaller: 1, total: 2, waiting: 9 })
  const { order, work, endNext, started } = openWork()
  const results = ['anna 1', 'anna 2', 'ben 1'].map((name) =>
    gate.run(name.startsWith('anna') ? anna : ben, never, work(name)),
  )
  await started()
  expect(order).toEqual(['anna 1', 'ben 1'])
  await endNext()
  expect(order).toEqual(['anna 1', 'ben 1', 'anna 2'])
  await endNext()
  await endNext()
  expect(await Promise.all(results)).toEqual(['anna 1', 'anna 2', 'ben 1'])
})

test('a caller with many calls does not starve one with few', async () => {
  const gate = createCallGate({ perCaller: 2, total: 2, waiting: 100 })
  const { order, work, endNext, started } = openWork()
  for (let i = 1; i <= 6; i++) void gate.run(anna, never, work(`anna ${String(i)}`))
  for (let i = 1; i <= 2; i++) void gate.run(ben, never, work(`ben ${String(i)}`))
  await started()
  for (let i = 0; i < 8; i++) await endNext()
  expect(order).toEqual(['anna 1', 'anna 2', 'ben 1', 'anna 3', 'ben 2', 'anna 4', 'anna 5', 'anna 6'])
})

test('too many waiting calls of one caller are refused, those of another are not', async () => {
  const gate = createCallGate({ perCaller: 1, total: 9, waiting: 1 })
  const { order, work, started } = openWork()
  void gate.run(anna, never, work('anna 1'))
  void gate.run(anna, never, work('anna 2'))
  await expect(gate.run(anna, never, work('anna 3'))).rejects.toMatchObject({ code: 'CALLER_BUSY' })
  void gate.run(ben, never, work('ben 1'))
  await started()
  expect(order).toEqual(['anna 1', 'ben 1'])
})

test('a call that is cancelled while it waits never runs and gives its place away', async () => {
  const gate = createCallGate({ perCaller: 1, total: 1, waiting: 1 })
  const { order, work, endNext } = openWork()
  void gate.run(anna, never, work('anna 1'))
  const abort = new AbortController()
  const waiting = gate.run(anna, abort.signal, work('anna 2'))
  abort.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
  await expect(gate.run(anna, abort.signal, work('anna 3'))).rejects.toMatchObject({ code: 'CANCELLED' })
  void gate.run(anna, never, work('anna 4'))
  await endNext()
  expect(order).toEqual(['anna 1', 'anna 4'])
})

test('a place is given back when the work fails', async () => {
  const gate = createCallGate({ perCaller: 1, total: 1, waiting: 1 })
  await expect(gate.run(anna, never, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await gate.run(anna, never, async () => 'yes')).toBe('yes')
})
