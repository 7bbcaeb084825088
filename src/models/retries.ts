import type { Clock } from '../core/clock.ts'
import { AquiferError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Verdict } from './refused-error.ts'

export interface RetryOptions {
  readonly clock: Clock
  /** From 0 up to 1. */
  readonly random: () => number
  readonly log: Log
  /** Told before each further try, why. */
  readonly onWait?: ((reason: string) => void) | undefined
  /** The first wait; each further one is twice as long, up to 20 s, and less by chance of up to half. */
  readonly backoffMs: number
  /** One try takes no longer. */
  readonly timeoutMs: number
  readonly judge: (thrown: unknown) => Verdict
}

/** How long one request may take before it is EMBEDDING_UNREACHABLE. */
export interface Patience {
  /** All tries and waits together. */
  readonly deadlineMs: number
  /** No try begins later than this: an endpoint that is away is given up before one that is slow. */
  readonly retryForMs: number
}

export interface RetryLimits extends Patience {
  readonly signal?: AbortSignal
}

export type Retry = <T>(attempt: (signal: AbortSignal) => Promise<T>, limits: RetryLimits) => Promise<T>

const longestBackoffMs = 20_000

/** All that is tried through one `Retry` keeps still together once the endpoint has asked one of them to. */
export function createRetry(options: RetryOptions): Retry {
  const { clock, log } = options
  let quietUntil = 0
  return async (attempt, { deadlineMs, retryForMs, signal }) => {
    const deadline = clock.passed() + deadlineMs
    const lastTry = clock.passed() + Math.min(retryForMs, deadlineMs)
    for (let tries = 1; ; tries++) {
      await pause(clock, quietUntil - clock.passed(), signal)
      const answer = await tryOnce(attempt, Math.min(options.timeoutMs, deadline - clock.passed()), signal)
      if ('value' in answer) return answer.value
      if (signal?.aborted === true) throw cancelled(signal)
      const verdict = options.judge(answer.thrown)
      if (!verdict.again) throw verdict.error
      if (verdict.afterMs !== undefined) quietUntil = Math.max(quietUntil, clock.passed() + verdict.afterMs)
      const waitMs = Math.max(quietUntil - clock.passed(), verdict.afterMs === undefined ? backoff(options, tries) : 0)
      if (clock.passed() + waitMs >= lastTry) throw unreachable(verdict.reason, tries)
      log.warn({ reason: verdict.reason, tries, waitMs: Math.round(waitMs) }, 'the embedding endpoint is tried again')
      options.onWait?.(verdict.reason)
      await pause(clock, waitMs, signal)
    }
  }
}

type Tried<T> = { readonly value: T } | { readonly thrown: unknown }

/** Never waits past the time, even for an attempt that ignores its signal. */
async function tryOnce<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Tried<T>> {
  const over = new AbortController()
  const abandoned = Promise.withResolvers<Tried<T>>()
  const abandon = (): void => {
    abandoned.resolve({ thrown: new Error('no answer in time') })
    over.abort()
  }
  const timer = setTimeout(abandon, Math.max(1, timeoutMs))
  signal?.addEventListener('abort', abandon, { once: true })
  try {
    return await Promise.race([attempt(over.signal).then((value): Tried<T> => ({ value })), abandoned.promise])
  } catch (thrown) {
    return { thrown }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abandon)
  }
}

function backoff({ backoffMs, random }: RetryOptions, tries: number): number {
  return Math.min(longestBackoffMs, backoffMs * 2 ** (tries - 1)) * (1 - random() / 2)
}

async function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms > 0) await clock.sleep(ms, signal)
  if (signal?.aborted === true) throw cancelled(signal)
}

function cancelled(signal: AbortSignal): AquiferError {
  return new AquiferError('CANCELLED', 'The embedding was cancelled.', { cause: signal.reason })
}

function unreachable(reason: string, tries: number): AquiferError {
  const times = tries === 1 ? 'once' : `${tries} times`
  return new AquiferError('EMBEDDING_UNREACHABLE', `The embedding endpoint was tried ${times}, at last: ${reason}.`)
}
