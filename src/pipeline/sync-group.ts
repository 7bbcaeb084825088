import { AquiferError, toAquiferError } from '../core/errors.ts'
import type { Indexer } from '../core/indexer.ts'
import { claimSource, type HeldClaim } from './claim-source.ts'
import { openGroup } from './open-group.ts'
import type { OnProgress, PipelineContext, SyncProgress } from './pipeline.ts'
import { compareRound, isStreamed, readRound, startReading, type Reading } from './read-round.ts'
import { settle, settleBeside } from './settle.ts'
import { madeWithOf, parseSettingsNote, settingsNote, type SourceGroup, type SourceJob } from './source-job.ts'

export interface SourceOutcome extends Omit<SyncProgress, 'phase'> {
  readonly error: AquiferError | undefined
}

export interface SyncGroupOptions {
  /** The generation that is written; a watch ends when another one answers. */
  readonly generation: number
  /** Reads everything again, whatever the cursor says. */
  readonly full: boolean
  readonly watch: boolean
  /** Whether deletes that are found by comparing are looked for at once, and not only when it is time to. */
  readonly compareAll: boolean
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
  readonly onCommit: () => void
  /** The group has been read once, or can't be; whether it is time to settle. */
  readonly onRead: () => boolean
  /** A failure that a watch rides out. */
  readonly onTrouble: (sources: readonly string[], error: AquiferError) => void
}

const longestWaitMs = 60_000

/** Brings the sources of one connection up to date, and in a watch keeps them there until the signal aborts. */
export async function syncGroup(
  context: PipelineContext,
  group: SourceGroup,
  options: SyncGroupOptions,
): Promise<readonly SourceOutcome[]> {
  const names = group.jobs.map(({ config }) => config.name)
  for (let failures = 0; ; failures++) {
    const began = context.clock.passed()
    const outcomes = await attempt(context, group, options)
    // What went well for long begins a new row of failures.
    if (context.clock.passed() - began > longestWaitMs) failures = 0
    const trouble = outcomes.find(({ error }) => error !== undefined)?.error
    if (!options.watch || options.signal.aborted || trouble === undefined) return outcomes
    // What it was configured with is no longer what the ledger is built with: to go on would write the old way into the new.
    if (trouble.code === 'GENERATION_SWITCHED') return outcomes
    options.onTrouble(names, trouble)
    await context.clock.sleep(Math.min(longestWaitMs, 1000 * 2 ** Math.min(failures, 6)), options.signal)
    if (options.signal.aborted) return outcomes
  }
}

async function attempt(
  context: PipelineContext,
  group: SourceGroup,
  options: SyncGroupOptions,
): Promise<readonly SourceOutcome[]> {
  const { generation } = options
  const lost = new AbortController()
  const signal = AbortSignal.any([options.signal, lost.signal])
  const claimed: { readonly job: SourceJob; readonly claim: HeldClaim }[] = []
  const failed: SourceOutcome[] = []
  for (const job of group.jobs) {
    const source = job.config.name
    try {
      options.onProgress({ source, phase: 'waiting', ...nothing })
      claimed.push({
        job,
        claim: await claimSource(context, job, { generation, onLost: (error) => lost.abort(error), signal }),
      })
    } catch (error) {
      failed.push({ source, ...nothing, error: toAquiferError(error) })
    }
  }
  const readings: Reading[] = []
  let error: AquiferError | undefined
  try {
    for (const { job, claim } of claimed)
      readings.push(await begin(context, { job, claim, type: group.type }, { ...options, signal }))
    if (readings.length === 0) options.onRead()
    else await run(context, group, readings, { ...options, signal })
    // A read that is told to stop ends quietly: without its claim that is no end.
    lost.signal.throwIfAborted()
  } catch (thrown) {
    options.onRead()
    error = options.signal.aborted ? undefined : toAquiferError(lost.signal.aborted ? lost.signal.reason : thrown)
  }
  // What was read and paid for is still written, under the claim.
  for (const { writer } of readings) await writer.settled()
  for (const { claim } of claimed) {
    await claim
      .release(error)
      .catch((thrown: unknown) => context.log.warn({ err: thrown }, 'could not release a source'))
  }
  const done = claimed.map(({ job }): SourceOutcome => {
    const counts = readings.find((reading) => reading.job === job)?.writer.counts ?? nothing
    options.onProgress({ source: job.config.name, phase: error === undefined ? 'done' : 'failed', ...counts })
    return { source: job.config.name, ...counts, error }
  })
  return [...done, ...failed]
}

const nothing = { read: 0, written: 0, unchanged: 0, deleted: 0, rejected: 0 }

async function begin(
  context: PipelineContext,
  { job, claim, type }: { readonly job: SourceJob; readonly claim: HeldClaim; readonly type: SourceGroup['type'] },
  options: SyncGroupOptions,
): Promise<Reading> {
  const { sourceId, epoch } = claim
  const held = claim.mapping === undefined ? job.mappingDigest : parseSettingsNote(claim.mapping).mappingDigest
  // Whoever switched it meant another mapping; to read it again with this one takes somebody who says so.
  if (held !== job.mappingDigest && !options.full)
    throw new AquiferError('GENERATION_SWITCHED', `${job.config.name} has been switched to another mapping.`)
  // Another path or table to read from needs a read from the start, but nothing that has to be agreed to.
  const fresh = options.full || claim.mapping !== settingsNote(job)
  if (fresh) await context.ledger.startFullRead({ sourceId, epoch, mapping: settingsNote(job) })
  await context.ledger.noteMadeWith({ sourceId, madeWith: madeWithOf(job) })
  const ahead = type.isOlder === undefined ? [] : await context.ledger.keysAhead({ sourceId })
  return startReading(context, job, claim, {
    cursor: fresh ? undefined : claim.cursor,
    loading: fresh || claim.cursor === undefined,
    ahead: new Map(ahead.map(({ key, position }) => [key, position])),
    isOlder: type.isOlder,
    streamed: isStreamed(type, job),
    unsure: fresh || claim.deletesDue,
    signal: options.signal,
    onCommit: options.onCommit,
  })
}

async function run(
  context: PipelineContext,
  group: SourceGroup,
  readings: readonly Reading[],
  options: SyncGroupOptions,
): Promise<void> {
  const { signal, onProgress } = options
  const jobs = readings.map(({ job }) => job)
  const everyMs = Math.min(...readings.map(({ job }) => job.config.everyMs))
  const streams = options.watch && readings.some(({ job }) => isStreamed(group.type, job))
  const compare = (indexer: Indexer, all: boolean): Promise<void> =>
    compareRound(context, indexer, readings, { type: group.type, all, onProgress, signal })
  {
    await using indexer = await openGroup(context, group, jobs, { until: 'now', everyMs, signal })
    for (let round = 0; ; round++) {
      await readRound(context, indexer, readings, { onProgress, signal })
      await compare(indexer, round === 0 && options.compareAll)
      // While others load, the graph would be built for nothing, and they would have to wait for it.
      if (options.onRead()) await settle(context, signal, onProgress)
      if (!options.watch) return
      if (streams) break
      await context.clock.sleep(everyMs, signal)
      if (signal.aborted) return
    }
  }
  await using indexer = await openGroup(context, group, jobs, { until: 'abort', everyMs, signal })
  await using settling = settleBeside(context, { everyMs, signal, onProgress })
  await readRound(context, indexer, readings, {
    onProgress,
    signal,
    onCheckpoint: async () => {
      await compare(indexer, false)
      if (options.onRead()) settling.start()
    },
  })
}
