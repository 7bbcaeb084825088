/**
 * Calls `onTick` every period with the milliseconds that passed, at most two periods: time in which the whole process
 * stood still (a suspended laptop, SIGSTOP) is nobody's delay. Keeps no process alive. Returns what ends it.
 */
export function startTicks(periodMs: number, onTick: (awakeMs: number) => void): () => void {
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    onTick(Math.min(now - last, periodMs * 2))
    last = now
  }, periodMs)
  timer.unref()
  return () => clearInterval(timer)
}
