/** Times of one thing, in milliseconds. */
export interface Times {
  readonly p50: number
  readonly p95: number
}

export async function timesOf(count: number, run: (index: number) => Promise<unknown>, warmUp = 10): Promise<Times> {
  for (let i = 0; i < warmUp; i++) await run(i)
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const started = performance.now()
    await run(i)
    times.push(performance.now() - started)
  }
  const sorted = times.toSorted((a, b) => a - b)
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

export function sumOf(...parts: readonly Times[]): Times {
  const sum = (name: keyof Times): number => parts.reduce((total, part) => total + part[name], 0)
  return { p50: sum('p50'), p95: sum('p95') }
}

export function slower(a: Times, b: Times): Times {
  return { p50: Math.max(a.p50, b.p50), p95: Math.max(a.p95, b.p95) }
}

export function line(what: string, { p50, p95 }: Times): string {
  return `${what.padEnd(44)} p50 ${p50.toFixed(1).padStart(7)} ms   p95 ${p95.toFixed(1).padStart(7)} ms`
}
