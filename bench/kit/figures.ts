/** Times of one thing, in milliseconds. */
export interface Times {
  readonly p50: number
  readonly p95: number
}

/** Milliseconds that this takes. */
export async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

export function timesOf(milliseconds: readonly number[]): Times {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p95: at(0.95) }
}

/** Calls a second with so many callers, each one call after another. */
export async function throughput(
  callers: number,
  calls: number,
  run: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < calls) await run(next++)
    }),
  )
  return calls / ((performance.now() - started) / 1000)
}

export function line(what: string, { p50, p95 }: Times): string {
  return `${what.padEnd(44)} p50 ${p50.toFixed(1).padStart(7)} ms   p95 ${p95.toFixed(1).padStart(7)} ms`
}
