import { AquiferError } from '../core/errors.ts'
import type { RunOptions } from './engine.ts'

/**
 * Runs `work` no longer than the limits and the caller's signal allow: then its own signal aborts, with the error that is
 * thrown here (METRIC_TIMEOUT or CANCELLED) as its reason, and nothing waits for it any more.
 */
export async function withDeadline<T>(
  connection: string,
  { limits, signal }: Pick<RunOptions, 'limits' | 'signal'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopped = Promise.withResolvers<never>()
  const controller = new AbortController()
  const stop = (reason: AquiferError): void => {
    stopped.reject(reason)
    controller.abort(reason)
  }
  const onAbort = (): void => stop(new AquiferError('CANCELLED', 'The query was stopped.', { fix: 'Ask again.' }))
  const timer = setTimeout(() => stop(timedOut(connection, limits.timeoutMs)), limits.timeoutMs)
  if (signal?.aborted === true) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([stopped.promise, work(controller.signal)])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** The caller's signal, or that the engine is closing. */
export function either(signal: AbortSignal | undefined, closing: AbortSignal): AbortSignal {
  return signal === undefined ? closing : AbortSignal.any([signal, closing])
}

function timedOut(connection: string, timeoutMs: number): AquiferError {
  return new AquiferError('METRIC_TIMEOUT', `Connection ${connection}: no answer within ${String(timeoutMs / 1000)} s.`)
}
