import { AquiferError } from '../../src/core/errors.ts'
import { cancelled } from '../../src/core/source-error.ts'
import { toSourceError } from './source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

export interface Limits {
  readonly signal: AbortSignal
  /** How long to wait for an answer. The driver has timeouts of its own; this is for what they do not cover. */
  readonly waitMs: number
}

/** The result of `work`, or CANCELLED as soon as the signal aborts, or SOURCE_UNREACHABLE when it takes too long. */
export async function within<T>(work: () => Promise<T>, place: Place, { signal, waitMs }: Limits): Promise<T> {
  if (signal.aborted) throw cancelled()
  const stopped = Promise.withResolvers<never>()
  const onAbort = (): void => stopped.reject(cancelled())
  signal.addEventListener('abort', onAbort, { once: true })
  const overdue = setTimeout(
    () => stopped.reject(new AquiferError('SOURCE_UNREACHABLE', `${place.subject}: the server does not answer.`)),
    waitMs,
  )
  const working = work()
  // Once it has lost the race, nobody hears how it ends.
  working.catch(() => {})
  try {
    return await Promise.race([working, stopped.promise])
  } catch (thrown) {
    throw signal.aborted ? cancelled() : toSourceError(thrown, place)
  } finally {
    clearTimeout(overdue)
    signal.removeEventListener('abort', onAbort)
  }
}

/** Closes what may be on a network that hangs, and never fails. */
export async function closeQuietly(close: () => Promise<unknown>): Promise<void> {
  const limits = { signal: new AbortController().signal, waitMs: 1000 }
  await within(close, { subject: '', what: '' }, limits).catch(() => {})
}
