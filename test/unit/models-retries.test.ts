import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { createRetry } from '../../src/models/retries.ts'
import type { Retry } from '../../src/models/retries.ts'
import { parseRetryAfter } from '../../src/models/retry-after.ts'

const noon = Date.UTC(2026, 0, 5, 12)

/** A clock on which waiting takes no time, and how long each wait was to be. */
function skippingClock(): Clock & { waits: number[] } {
  const waits: number[] = []
  let now = noon
  return {
    waits,
    now: () => now,
    passed: () => now,
    sleep: async (ms) => {
      waits.push(ms)
      now += ms
    },
  }
}

/** `failures`: what the endpoint asks to wait, one a failed try; then it succeeds. */
function retrying(
  clock: Clock,
  random = 0,
  onWait?: (reason: string) => void,
): { retry: Retry; after: (...failures: (number | undefined)[]) => () => Promise<string> } {
  const retry = createRetry({
    clock,
    log: silentLog,
    onWait,
    random: () => random,
    backoffMs: 500,
    timeoutMs: 50,
    judge: (thrown) => ({
      again: true,
      reason: 'HTTP 429',
      afterMs: typeof thrown === 'number' ? thrown : undefined,
    }),
  })
  return {
    retry,
    after:
      (...failures) =>
      async () => {
        if (failures.length === 0) return 'done'
        throw failures.shift()
      },
  }
}

describe('trying again', () => {
  test('tells why, before each wait', async () => {
    const told: string[] = []
    const { retry, after } = retrying(skippingClock(), 0, (reason) => told.push(reason))
    await retry(after(undefined, 1000), { deadlineMs: 60_000, retryForMs: 60_000 })
    expect(told).toEqual(['HTTP 429', 'HTTP 429'])
  })

  test('waits twice as long each time, 20 s at most, and by chance up to half less', async () => {
    const clock = skippingClock()
    const { retry, after } = retrying(clock)
    await retry(after(...Array<undefined>(8).fill(undefined)), { deadlineMs: 600_000, retryForMs: 600_000 })
    expect(clock.waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000])
    const lucky = skippingClock()
    const other = retrying(lucky, 0.5)
    await other.retry(other.after(undefined, undefined), { deadlineMs: 600_000, retryForMs: 600_000 })
    expect(lucky.waits).toEqual([375, 750])
  })

  test('waits as long as the endpoint asks, and so does everyone else', async () => {
    const clock = skippingClock()
    const { retry, after } = retrying(clock)
    const first = retry(after(7000), { deadlineMs: 600_000, retryForMs: 600_000 })
    expect(await first).toBe('done')
    expect(clock.waits).toEqual([7000])
    const stopped: Clock & { waits: number[] } = { ...clock, waits: [], now: () => noon, passed: () => noon }
    const shared = retrying({ ...stopped, sleep: async (ms) => void stopped.waits.push(ms) })
    await shared.retry(shared.after(9000), { deadlineMs: 600_000, retryForMs: 600_000 })
    await shared.retry(shared.after(), { deadlineMs: 600_000, retryForMs: 600_000 })
    expect(stopped.waits).toEqual([9000, 9000, 9000])
  })

  test('gives up at once when the next wait would pass the deadline', async () => {
    const clock = skippingClock()
    const { retry, after } = retrying(clock)
    await expect(retry(after(1000, 90_000), { deadlineMs: 60_000, retryForMs: 60_000 })).rejects.toMatchObject({
      code: 'EMBEDDING_UNREACHABLE',
      kind: 'unavailable',
      message: 'The embedding endpoint was tried 2 times, at last: HTTP 429.',
    })
    expect(clock.waits).toEqual([1000])
  })

  test('begins no try after the time for that, though one may last longer', async () => {
    const clock = skippingClock()
    const { retry, after } = retrying(clock)
    const limits = { deadlineMs: 10_000, retryForMs: 2000 }
    await expect(retry(after(undefined, undefined, undefined), limits)).rejects.toMatchObject({
      code: 'EMBEDDING_UNREACHABLE',
    })
    expect(clock.waits).toEqual([500, 1000])
  })

  test('does not wait for a try that ignores its time limit', async () => {
    const { retry } = retrying(skippingClock())
    await expect(retry(() => new Promise(() => undefined), { deadlineMs: 200, retryForMs: 200 })).rejects.toMatchObject(
      {
        code: 'EMBEDDING_UNREACHABLE',
      },
    )
  })

  test('ends when it is cancelled, in a try or in a wait', async () => {
    const { retry } = retrying(skippingClock())
    const signal = AbortSignal.timeout(10)
    await expect(
      retry(() => new Promise(() => undefined), { deadlineMs: 60_000, retryForMs: 60_000, signal }),
    ).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    await expect(retry(async () => 1, { deadlineMs: 60_000, retryForMs: 60_000, signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})

describe('the wait that an answer asks for', () => {
  test.each([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '120', 'retry-after': '3' }, 120],
    [{ 'retry-after': 'Mon, 05 Jan 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Mon, 05 Jan 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('%o is %s ms', (headers, ms) => {
    expect(parseRetryAfter(new Headers(headers), noon)).toBe(ms)
  })
})
