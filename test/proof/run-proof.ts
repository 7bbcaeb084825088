import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { indicesOf } from '../kit/elasticsearch-indices.ts'
import { openTempDir } from '../kit/temp-dir.ts'
import { breakThings } from './faults.ts'
import { openFreshness, type Freshness } from './freshness.ts'
import { load } from './load.ts'
import type { ProofOptions } from './options.ts'
import { compare, type Divergence } from './oracle.ts'
import { program, supervise } from './processes.ts'
import { createProgress, doneOf, wantedOf, type Progress } from './progress.ts'
import { readSettling } from './read-ledger.ts'
import { openScene, type Scene } from './scene.ts'

export interface ProofResult {
  readonly operations: number
  readonly faults: number
  readonly divergences: number
  /** Of all markers, faults or not; null where none was found. */
  readonly slowest_freshness_ms: number | null
  readonly by_source: Readonly<
    Record<string, { operations: number; freshness_p50_ms: number | null; slowest_freshness_ms: number | null }>
  >
  readonly by_fault: Readonly<Record<string, number>>
  /** How often a process ended by itself and was started again. */
  readonly exits: number
  readonly seconds: { readonly loading: number; readonly settling: number; readonly comparing: number }
  readonly differing: readonly Divergence[]
}

/** One whole run: load under faults, settle, compare. */
export async function runProof(options: ProofOptions, say: (text: string) => void): Promise<ProofResult> {
  const folder = await openTempDir()
  const result = await prove(folder.path, options, say)
  if (result.divergences === 0 || options.sabotage !== undefined)
    await rm(folder.path, { recursive: true, force: true })
  else say(`What the processes said is in ${folder.path}.`)
  return result
}

async function prove(dir: string, options: ProofOptions, say: (text: string) => void): Promise<ProofResult> {
  const { kinds: names, operations, seed, sabotage } = options
  const progress = createProgress(names, operations, options.faults)
  await using scene = await openScene({ dir, kinds: names, operations })
  await using opened = new AsyncDisposableStack()
  const script = sabotage === undefined ? [program, '--dir', dir, 'sync', '--watch'] : [sabotaged, sabotage]
  // Who replays what it has seen has to see everything.
  const workerNames = sabotage === undefined ? ['sync-1', 'sync-2'] : ['sync-1']
  const workers = workerNames.map((name) => opened.use(supervise({ name, args: script, dir, env: scene.env })))
  const freshness = opened.use(await openFreshness(dir, scene.env))
  const patienceMs = sabotage === undefined ? 60_000 : 8000
  const started = performance.now()
  const counts = new Map<string, number>()
  using telling = tell(progress, scene, freshness, say)
  await Promise.all([
    ...scene.kinds.map((kind, at) =>
      load(kind, seed * 1000 + at, { progress, freshness, patienceMs, isStepwise: sabotage !== undefined }),
    ),
    breakThings(seed * 1000 + 999, { scene, workers, progress, counts }),
  ])
  const loaded = performance.now()
  say(`loaded in ${seconds(loaded - started)} s; settling`)
  telling[Symbol.dispose]()
  if (sabotage === undefined) await freshness.settled(settleWithinMs)
  const { differing, comparingMs } = await settle(
    scene,
    sabotage === undefined ? settleWithinMs : sabotagedWithinMs,
    say,
  )
  return {
    operations: doneOf(progress),
    faults: progress.faultsDone,
    divergences: differing.length,
    ...freshnessOf(progress, freshness),
    by_fault: Object.fromEntries([...counts].toSorted()),
    exits: workers.reduce((sum, { exits }) => sum + exits, 0),
    seconds: {
      loading: seconds(loaded - started),
      settling: seconds(performance.now() - loaded - comparingMs),
      comparing: seconds(comparingMs),
    },
    differing,
  }
}

const sabotaged = fileURLToPath(new URL('sabotaged-sync.ts', import.meta.url))
const settleWithinMs = 120_000
const sabotagedWithinMs = 20_000
/** Nothing is committed any more, and all of it is projected. */
const quietMs = 2500
/** A difference that is seen in quiet has so long to go away. */
const graceMs = 8000

const seconds = (ms: number): number => Math.round(ms / 100) / 10

/** Waits until the stores say that they are in step, then compares. */
async function settle(
  { stores, kinds, ...scene }: Scene,
  withinMs: number,
  say: (text: string) => void,
): Promise<{ readonly differing: readonly Divergence[]; readonly comparingMs: number }> {
  const after = new Date()
  const deadline = performance.now() + withinMs
  const compared = kinds
    .flatMap(({ sources }) => sources)
    .filter((source) => /^(pg_poll|pg_cursor|pages)$/.test(source))
  let last = -1
  let quietSince = performance.now()
  let seenSince: number | undefined
  let looks = 0
  for (;;) {
    const { feed, isCompared, ...projection } = await readSettling(stores.ledgerUrl, compared, after)
    // Where the indices were deleted, the ledger does not know of it yet.
    const isProjected = projection.isProjected && (await indicesOf(stores.elasticsearchUrl, stores.prefix)).length > 0
    const isOver = performance.now() > deadline
    if (feed !== last || !isProjected || !isCompared) quietSince = performance.now()
    last = feed
    if (performance.now() - quietSince < quietMs && !isOver) {
      await sleep(250)
      continue
    }
    const began = performance.now()
    const differing = await compare({ stores, kinds, ...scene })
    const comparingMs = performance.now() - began
    seenSince ??= began
    looks++
    if (differing.length === 0 || isOver || (looks > 1 && performance.now() - seenSince > graceMs))
      return { differing, comparingMs }
    say(`${String(differing.length)} differ though all is quiet; looking again`)
    quietSince = performance.now()
  }
}

function tell(progress: Progress, { links }: Scene, freshness: Freshness, say: (text: string) => void): Disposable {
  const started = performance.now()
  const timer = setInterval(() => {
    const broken = progress.broken.size === 0 ? '' : `; broken: ${[...progress.broken].join(', ')}`
    const waiting = [...progress.wanted.keys()].filter((kind) => freshness.isPending(kind))
    say(
      `${String(Math.round((performance.now() - started) / 1000))} s: ${String(doneOf(progress))} of ${String(wantedOf(progress))} operations, ` +
        `${String(progress.faultsDone)} of ${String(progress.faultsWanted)} faults over ${String(links.size)} links${broken}` +
        (waiting.length === 0 ? '' : `; not found yet: ${waiting.join(', ')}`),
    )
  }, 5000)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

function freshnessOf(
  { done }: Progress,
  { tookMs }: Freshness,
): Pick<ProofResult, 'slowest_freshness_ms' | 'by_source'> {
  const by = [...done].map(([kind, operations]) => {
    const times = tookMs.get(kind) ?? []
    return [kind, { operations, freshness_p50_ms: median(times), slowest_freshness_ms: slowest(times) }] as const
  })
  return { slowest_freshness_ms: slowest([...tookMs.values()].flat()), by_source: Object.fromEntries(by) }
}

function slowest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.round(Math.max(...times))
}

function median(times: readonly number[]): number | null {
  const middle = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]
  return middle === undefined ? null : Math.round(middle)
}
