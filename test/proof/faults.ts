import { setTimeout as sleep } from 'node:timers/promises'
import { indicesOf, removeIndices } from '../kit/elasticsearch-indices.ts'
import { failWith } from '../kit/openai-double.ts'
import { createRandom, type Random } from '../kit/random.ts'
import type { Supervised } from './processes.ts'
import { doneOf, wantedOf, type Progress } from './progress.ts'
import type { Scene } from './scene.ts'

interface Target {
  readonly scene: Scene
  readonly workers: readonly Supervised[]
  readonly progress: Progress
  /** Faults done by name. */
  readonly counts: Map<string, number>
}

/** Longer than the lease on a source: somebody else takes over before it wakes up. */
const frozenMs = { from: 11_000, to: 14_000 }

const jumpsMs = [-30 * 86_400_000, -3_600_000, -61_000, -5000, 0, 5000, 61_000, 3_600_000, 30 * 86_400_000] as const

/** Breaks something whenever another part of the operations is done, and mends it; two things may be broken at once. */
export async function breakThings(seed: number, target: Target): Promise<void> {
  const { progress } = target
  const random = createRandom(seed)
  /** The one clock of the machine on which all of them run. */
  const clock: [number, number][] = []
  const faults = Array.from({ length: progress.faultsWanted }, () => chooseFault(random, target, clock))
  const lane = async (first: number): Promise<void> => {
    for (let at = first; at < faults.length; at += 2) {
      while (doneOf(progress) / wantedOf(progress) < (at + 1) / (faults.length + 2)) await sleep(20)
      const fault = faults[at]
      if (fault === undefined) return
      progress.broken.add(fault.name)
      await fault.run()
      progress.broken.delete(fault.name)
      progress.faultsDone++
      target.counts.set(fault.name, (target.counts.get(fault.name) ?? 0) + 1)
    }
  }
  await Promise.all([lane(0), lane(1)])
}

interface Fault {
  readonly name: string
  run(): Promise<void>
}

/** Everything by chance is decided here, so that a seed gives the same faults whatever the times. */
function chooseFault(random: Random, { scene, workers }: Target, clock: [number, number][]): Fault {
  const dice = random.int(1, 100)
  const worker = workers[random.int(0, workers.length - 1)]
  const awayMs = random.int(0, 1500)
  if (dice <= 38) {
    const both = random.int(1, 4) === 1
    return {
      name: both ? 'kill all' : 'kill one',
      run: async () => {
        for (const each of both ? workers : [worker]) each?.kill(awayMs)
        await sleep(awayMs + 1000)
      },
    }
  }
  if (dice <= 68) {
    const [name, link] = [...scene.links][random.int(0, scene.links.size - 1)] ?? []
    const hangs = random.int(1, 3) === 1
    const ms = random.int(200, hangs ? 6000 : 4000)
    return {
      name: `${hangs ? 'hang' : 'cut'} ${String(name)}`,
      run: async () => {
        if (hangs) link?.hang()
        else link?.cut()
        await sleep(ms)
        link?.restore()
      },
    }
  }
  if (dice <= 84) return chooseLoss(random, scene)
  if (dice <= 93) {
    const jumpMs = jumpsMs[random.int(0, jumpsMs.length - 1)] ?? 0
    return {
      name: 'clock jump',
      run: async () => {
        clock.push([Date.now(), jumpMs])
        for (const each of workers) each.setClock(clock)
        await sleep(500)
      },
    }
  }
  if (dice <= 97) {
    const ms = random.int(500, 4000)
    return {
      name: 'model down',
      run: async () => {
        scene.model.always(failWith(503))
        await sleep(ms)
        scene.model.always(() => undefined)
      },
    }
  }
  const ms = random.int(frozenMs.from, frozenMs.to)
  return {
    name: 'freeze',
    run: async () => {
      worker?.freeze()
      await sleep(ms)
      worker?.thaw()
    },
  }
}

/** What is forgotten behind the program's back, for good. */
function chooseLoss(random: Random, { kinds, stores }: Scene): Fault {
  const indices = {
    name: 'lose indices',
    run: async () => removeIndices(stores.elasticsearchUrl, await indicesOf(stores.elasticsearchUrl, stores.prefix)),
  }
  const logs = kinds.flatMap((kind): Fault[] =>
    kind.loseLog === undefined ? [] : [{ name: `lose log of ${kind.name}`, run: async () => kind.loseLog?.() }],
  )
  return [indices, ...logs][random.int(0, logs.length)] ?? indices
}
