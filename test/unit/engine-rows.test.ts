import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { withDeadline } from '../../src/semantic/engine-deadline.ts'
import { decimalCell, doubleCell, limitRows, timestampCell } from '../../src/semantic/engine-rows.ts'

test('decimal digits are a number as long as a double holds all of them', () => {
  const cells = ['0', '-0', '0.00', '1.10', '-12.5', '+7', '000.5', '.5', '5.', '123456789012345', '9007199254740991']
  expect(cells.map(decimalCell)).toEqual([0, 0, 0, 1.1, -12.5, 7, 0.5, 0.5, 5, 123456789012345, 9007199254740991])
  for (const digits of ['9007199254740993', '-9007199254740993', '1500000000000000000000', '2.3333333333333333']) {
    expect(decimalCell(digits)).toBe(digits)
  }
  for (const text of ['', '-', '.', 'NaN', '1e5', '0x10', 'Infinity']) expect(decimalCell(text)).toBe(text)
})

test('what JSON has no number for is text', () => {
  expect([0.1, -0, Number.NaN, Infinity, -Infinity].map(doubleCell)).toEqual([0.1, 0, 'NaN', 'Infinity', '-Infinity'])
})

test('a moment has a T and no trailing zeros, and what has another form stays', () => {
  expect(timestampCell('2020-01-31 10:00:00')).toBe('2020-01-31T10:00:00')
  expect(timestampCell('2020-01-31T10:00:00.120000')).toBe('2020-01-31T10:00:00.12')
  expect(timestampCell('12020-01-31 10:00:00.000')).toBe('12020-01-31T10:00:00')
  for (const text of ['infinity', '0044-03-15 00:00:00 BC', '2020-01-31']) expect(timestampCell(text)).toBe(text)
})

test('rows are taken up to the limits, by number and by size', () => {
  const few = limitRows({ rows: 2, bytes: 1000 })
  expect([[1], [2], [3], [4]].map((row) => few.add(row))).toEqual([true, true, false, false])
  expect([few.rows, few.truncated]).toEqual([[[1], [2]], true])
  const exact = limitRows({ rows: 2, bytes: 1000 })
  expect([[1], [2]].map((row) => exact.add(row))).toEqual([true, true])
  expect(exact.truncated).toBe(false)
  const small = limitRows({ rows: 100, bytes: 30 })
  expect([['äää', null], ['äää', null], ['x']].map((row) => small.add(row))).toEqual([true, false, false])
  expect([small.rows, small.truncated]).toEqual([[['äää', null]], true])
})

const limits = { rows: 1, bytes: 1, timeoutMs: 20 }

test('work that takes too long is told to stop, and is not waited for', async () => {
  let reason: unknown
  const work = withDeadline('shop', { limits }, async (signal) => {
    signal.addEventListener('abort', () => (reason = signal.reason))
    await sleep(200)
  })
  await expect(work).rejects.toMatchObject({
    code: 'METRIC_TIMEOUT',
    message: 'Connection shop: no answer within 0.02 s.',
  })
  expect(reason).toMatchObject({ code: 'METRIC_TIMEOUT' })
})

test('work whose caller leaves, or has left, is cancelled', async () => {
  const caller = new AbortController()
  const patient = { ...limits, timeoutMs: 10_000 }
  const work = withDeadline('shop', { limits: patient, signal: caller.signal }, () => sleep(200))
  caller.abort()
  await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
  await expect(
    withDeadline('shop', { limits: patient, signal: AbortSignal.abort() }, () => sleep(200)),
  ).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('what work answers or throws in time comes through', async () => {
  await expect(withDeadline('shop', { limits }, () => Promise.resolve(7))).resolves.toBe(7)
  await expect(withDeadline('shop', { limits }, () => Promise.reject(new Error('x')))).rejects.toThrow('x')
})
