import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../kit/random.ts'
import type { Freshness } from './freshness.ts'
import type { Kind } from './kinds/kind.ts'
import type { Progress } from './progress.ts'

interface LoadOptions {
  readonly progress: Progress
  readonly freshness: Freshness
  /** The longest to wait for a marker to be found; the oracle will tell what became of it. */
  readonly patienceMs: number
  /** Lets the first read end before the first operation, and waits after each few: no change may hide behind the next. */
  readonly isStepwise: boolean
}

/** The longest that a start and a first read of next to nothing take on a busy machine. */
const startMs = 20_000
const step = 20

/** So many operations of a kind may follow a marker that no search has found yet. */
const longestWindow = 2000

/**
 * Carries out a kind's share of the operations: as fast as its source takes them, but neither ahead of the faults nor far
 * ahead of what searches find. Which operations they are depends on the seed alone.
 */
export async function load(
  kind: Kind,
  seed: number,
  { progress, freshness, patienceMs, isStepwise }: LoadOptions,
): Promise<void> {
  const random = createRandom(seed)
  const share = progress.wanted.get(kind.name) ?? 0
  const window = isStepwise ? step : Math.min(longestWindow, Math.max(100, Math.ceil(share / 10)))
  if (isStepwise) {
    await freshness.mark(kind)
    const deadline = performance.now() + startMs
    while (freshness.isPending(kind.name) && performance.now() < deadline) await sleep(50)
  }
  let done = 0
  let marked = 0
  let markedMs = 0
  const isUnfound = (): boolean => freshness.isPending(kind.name) && performance.now() - markedMs < patienceMs
  while (done < share) {
    const most = isStepwise ? step : random.int(1, 12) === 1 ? 500 : 60
    const count = Math.min(random.int(1, most), share - done)
    const isHeld = done - marked > window ? isUnfound : (): boolean => false
    const fraction = done / share
    if (isHeld()) await kind.commitOpen?.()
    while (isAhead(fraction, progress) || isHeld()) await sleep(20)
    done += await kind.operate(random, count)
    progress.done.set(kind.name, Math.min(done, share))
    if (isUnfound() || done - marked < window / 8) continue
    marked = done
    markedMs = performance.now()
    await freshness.mark(kind)
  }
  await kind.finish()
}

/** The operations go on while something is broken, so that two steps are ahead of what has been mended. */
function isAhead(fraction: number, { faultsDone, faultsWanted }: Progress): boolean {
  return fraction > (faultsDone + 2) / (faultsWanted + 2)
}
