/** Time as everything but the stores sees it. Tests pass their own. */
export interface Clock {
  /** Milliseconds since 1970. Somebody may set it, forward or back: to measure how long something took, see `passed`. */
  now(): number
  /** Milliseconds since some moment of this process; only grows, whatever becomes of `now`. */
  passed(): number
  /** Resolves after the time or when the signal aborts, whichever is first; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  passed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const done = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done, { once: true })
    }),
}
