import { setTimeout as sleep } from 'node:timers/promises'

/** Looks again and again until it is so; fails after a minute. */
export async function until(isReached: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await isReached()); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`${String(isReached)} did not come true in ${String(withinMs / 1000)} s`)
  }
}
