import pLimit from 'p-limit'
import type { SourceConfig } from '../core/config.ts'
import { toAquiferError, type AquiferError } from '../core/errors.ts'
import type { Turns } from '../core/turns.ts'
import type { WantedGeneration } from '../core/ledger-generations.ts'
import type { ProjectionPosition } from '../core/ledger-feed.ts'
import { buildGeneration } from './build-generation.ts'
import { findDrift, rebuildError, type Drift } from './needs-rebuild.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'
import { createProjector, type Projector } from './projector.ts'
import { settle } from './settle.ts'
import type { SourceGroup } from './source-job.ts'
import { purgeDropped } from './switch-editions.ts'
import { syncGroup, type SourceOutcome } from './sync-group.ts'

/** So many connections are read at once. */
const concurrentGroups = 3

export interface SyncOptions {
  readonly settings: WantedGeneration
  /** What to sync. */
  readonly groups: readonly SourceGroup[]
  /** Everything that is configured, synced now or not. */
  readonly configured: Readonly<Record<string, SourceConfig>>
  readonly pricePerMillionTokens: number | undefined
  readonly full: boolean
  /** What of the configuration's changes somebody has agreed to; the rest is refused. A full read agrees to all but removal. */
  readonly agreed?: { readonly removed: boolean }
  /** Whose turns keep the sources up to date until the signal aborts; undefined: once is enough. */
  readonly watch: Turns | undefined
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
  readonly onTrouble: (sources: readonly string[], error: AquiferError) => void
}

export interface SyncOutcome {
  readonly sources: readonly SourceOutcome[]
  readonly removed: readonly string[]
  /** Why the projection is behind, if it is. */
  readonly projection: AquiferError | undefined
}

/** Brings the ledger up to date with its sources, and the projection with the ledger. */
export async function sync(context: PipelineContext, options: SyncOptions): Promise<SyncOutcome> {
  const { ledger, projection } = context
  const { signal } = options
  const languages = Object.values(options.configured).map(({ language }) => language)
  const jobs = options.groups.flatMap((group) => group.jobs)
  const { generation } = await ledger.ensureGeneration({ ...options.settings, languages })
  const status = await ledger.status()
  const drift = findDrift(status, options.settings, jobs, options.configured)
  const cost = { tokensPerChunk: context.chunking.maxTokens, pricePerMillionTokens: options.pricePerMillionTokens }
  // Nobody has to agree to the change of what holds nothing yet.
  const isEmpty = status.sources.every(({ records }) => records === 0)
  const needed = rebuildError(unagreed(isEmpty ? { ...drift, generation: [] } : drift, options), status, cost)
  if (needed !== undefined) throw needed
  const active =
    drift.generation.length === 0
      ? generation
      : (await buildGeneration(context, { ...options, skipsOwnVectors: true })).generation
  const projector =
    projection === undefined
      ? undefined
      : createProjector(context, projection, active.id, {
          activate: true,
          persistent: options.watch !== undefined,
          onTrouble: (error) => {
            if (options.watch !== undefined) options.onTrouble([projection.name], error)
          },
        })
  if (options.full && projection !== undefined) {
    await ledger.resetProjection({ projection: projection.name, generation: active.id })
  }
  const before = await positionsOf(context, active.id)
  const gone = drift.removed.filter((name) => status.sources.some((one) => one.name === name && one.records > 0))
  for (const source of drift.removed) await ledger.removeSource({ source })
  // What an interrupted run left of editions that nobody wants.
  await ledger.dropEditions({})
  const stop = new AbortController()
  const background = projector?.run(AbortSignal.any([signal, stop.signal])).then(
    () => undefined,
    (error: unknown) => toAquiferError(error),
  )
  const outcomes = await syncGroups(context, { ...options, generation: active.id }, () => projector?.notify())
  stop.abort()
  const failed = await background
  // Whoever switched it sees to what the projection of the other generation needs.
  if (outcomes.some(isSwitched)) return { sources: outcomes, removed: gone, projection: undefined }
  const behind = failed ?? (await finishProjection(context, projector, active.id, { before, drift }, options))
  return { sources: outcomes, removed: gone, projection: behind }
}

/** What of the drift nobody has agreed to. */
function unagreed(drift: Drift, { full, agreed }: SyncOptions): Drift {
  return {
    generation: full ? [] : drift.generation,
    mappings: full ? [] : drift.mappings,
    removed: agreed?.removed === true ? [] : drift.removed,
  }
}

const isSwitched = ({ error }: SourceOutcome): boolean => error?.code === 'GENERATION_SWITCHED'

async function positionsOf(
  { ledger, projection }: PipelineContext,
  generation: number,
): Promise<readonly ProjectionPosition[]> {
  if (projection === undefined) return []
  return ledger.projectionPositions({ projection: projection.name, generation })
}

async function syncGroups(
  context: PipelineContext,
  options: SyncOptions & { readonly generation: number },
  onCommit: () => void,
): Promise<readonly SourceOutcome[]> {
  const { watch, ...once } = options
  if (watch === undefined) return syncOnce(context, once, onCommit)
  // What was asked for once is not done again after each failure.
  const first = options.full ? await syncOnce(context, once, onCommit) : []
  return sum([...first, ...(await follow(context, { ...options, watch, full: false }, onCommit))])
}

async function syncOnce(
  context: PipelineContext,
  options: Omit<SyncOptions, 'watch'> & { readonly generation: number },
  onCommit: () => void,
): Promise<readonly SourceOutcome[]> {
  const limit = pLimit(concurrentGroups)
  const asked = { ...options, watch: false, compareAll: true, onCommit, onRead: () => false }
  const outcomes = await Promise.all(options.groups.map((group) => limit(() => syncGroup(context, group, asked))))
  if (!options.signal.aborted) {
    await settle(context, options.signal, options.onProgress).catch((error: unknown) => {
      if (!options.signal.aborted) throw error
    })
  }
  return outcomes.flat()
}

/** Each connection in its turns, until the signal aborts. */
async function follow(
  context: PipelineContext,
  options: SyncOptions & { readonly watch: Turns; readonly generation: number },
  onCommit: () => void,
): Promise<readonly SourceOutcome[]> {
  const groups = new Map(options.groups.map((group) => [group.jobs.map(({ config }) => config.name).join('\n'), group]))
  const read = new Set<string>()
  /** Having their first turn here, and not through with their first read. */
  const unread = new Set<string>()
  const outcomes: SourceOutcome[] = []
  // Where one group sees that the ledger was switched, the others are to end, too.
  const switched = new AbortController()
  const take = async (name: string, signal: AbortSignal): Promise<void> => {
    const group = groups.get(name)
    if (group === undefined) return
    if (!read.has(name)) unread.add(name)
    try {
      const outcome = await syncGroup(context, group, {
        ...options,
        watch: true,
        // In later turns when it is time to.
        compareAll: !read.has(name),
        signal,
        onCommit,
        onRead: () => {
          unread.delete(name)
          read.add(name)
          return unread.size === 0
        },
      })
      outcomes.push(...outcome)
      if (outcome.some(isSwitched)) switched.abort()
    } finally {
      unread.delete(name)
    }
  }
  await options.watch.run([...groups.keys()], take, AbortSignal.any([options.signal, switched.signal]))
  return outcomes
}

/** What became of each source in all, and how it ended. */
function sum(outcomes: readonly SourceOutcome[]): readonly SourceOutcome[] {
  const sums = new Map<string, SourceOutcome>()
  for (const outcome of outcomes) {
    const before = sums.get(outcome.source)
    sums.set(
      outcome.source,
      before === undefined
        ? outcome
        : {
            ...outcome,
            read: before.read + outcome.read,
            written: before.written + outcome.written,
            unchanged: before.unchanged + outcome.unchanged,
            deleted: before.deleted + outcome.deleted,
            rejected: before.rejected + outcome.rejected,
          },
    )
  }
  return [...sums.values()]
}

/** The last of the feed, then what tombstones were kept for. */
async function finishProjection(
  context: PipelineContext,
  projector: Projector | undefined,
  generation: number,
  { before, drift }: { readonly before: readonly ProjectionPosition[]; readonly drift: Drift },
  { signal, onProgress }: SyncOptions,
): Promise<AquiferError | undefined> {
  const { ledger, projection } = context
  // What a removed source left has to be projected before it is forgotten.
  if (signal.aborted) return undefined
  try {
    if (projector !== undefined && projection !== undefined) {
      onProgress({
        source: projection.name,
        phase: 'projecting',
        read: 0,
        written: 0,
        unchanged: 0,
        deleted: 0,
        rejected: 0,
      })
      await projector.catchUp(signal)
      // Up to where it stood before this run no write of anybody can still be on its way.
      for (const { sourceId, feed } of before) await projection.purge(generation, sourceId, feed)
      await purgeDropped(context, generation)
      for (const { sourceId, source, feed } of await positionsOf(context, generation)) {
        if (drift.removed.includes(source)) await projection.purge(generation, sourceId, feed)
      }
    }
    for (const source of drift.removed) await ledger.forgetSource({ source })
    await ledger.forgetEditions()
    return undefined
  } catch (error) {
    return signal.aborted ? undefined : toAquiferError(error)
  }
}
