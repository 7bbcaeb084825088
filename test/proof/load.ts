import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../kit/random.ts'
import type { Freshness } from './freshness.ts'
import type { Kind } from './kinds/kind.ts'
import type { Progress } from './progress.ts'

/** So many operations of a kind may follow a marker that no search has found yet. */
const longestWindow = 2000

/**
 * Carries out a kind's share of the operations: as fast as its source takes them, but neither ahead of the faults nor far
 * ahead of what searches find. Which operations they are depends on the seed alone.
 */
export async function load(kind: Kind, seed: number, progress: Progress, freshness: Freshness): Promise<void> {
  const random = createRandom(seed)
  const share = progress.wanted.get(kind.name) ?? 0
  const window = Math.min(longestWindow, Math.max(100, Math.ceil(share / 10)))
  let done = 0
  let marked = 0
  while (done < share) {
    const most = random.int(1, 12) === 1 ? 500 : 60
    const count = Math.min(random.int(1, most), share - done)
    while (isAhead(done / share, progress) || (freshness.isPending(kind.name) && done - marked > window))
      await sleep(20)
    done += await kind.operate(random, count)
    progress.done.set(kind.name, Math.min(done, share))
    if (freshness.isPending(kind.name) || done - marked < window / 8) continue
    marked = done
    await freshness.mark(kind)
  }
  await kind.finish()
}

/** The operations go on while something is broken, so that two steps are ahead of what has been mended. */
function isAhead(fraction: number, { faultsDone, faultsWanted }: Progress): boolean {
  return fraction > (faultsDone + 2) / (faultsWanted + 2)
}
