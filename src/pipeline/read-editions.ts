import type { Edition } from '../core/ledger-sync.ts'
import { AquiferError } from '../core/errors.ts'
import type { Indexer } from '../core/indexer.ts'
import { claimSource, type HeldClaim } from './claim-source.ts'
import { openGroup } from './open-group.ts'
import type { OnProgress, PipelineContext, SyncProgress } from './pipeline.ts'
import { compareRound, isStreamed, readRound, startReading, type Reading } from './read-round.ts'
import { madeWithOf, settingsNote, type SourceGroup, type SourceJob } from './source-job.ts'

/** A source with the edition of it that is to be read; `kept` ones are caught up. */
export interface EditionJob {
  readonly job: SourceJob
  readonly edition: Exclude<Edition, 'active'>
}

/** Editions that are read through one connection. */
export interface EditionGroup extends Pick<SourceGroup, 'type' | 'connection'> {
  readonly editions: readonly EditionJob[]
}

export interface ClaimedEdition extends EditionJob {
  readonly claim: HeldClaim
}

export type EditionCounts = Omit<SyncProgress, 'phase'>

interface ReadOptions {
  readonly generation: number
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

/** Claims the editions of a group, for as long as the stack lives. */
export async function claimEditions(
  context: PipelineContext,
  { editions }: EditionGroup,
  claims: AsyncDisposableStack,
  options: Pick<ReadOptions, 'generation' | 'signal'> & { readonly onLost: (error: unknown) => void },
): Promise<readonly ClaimedEdition[]> {
  const claimed: ClaimedEdition[] = []
  for (const one of editions) {
    claimed.push({ ...one, claim: claims.use(await claimSource(context, one.job, { ...options, ...one })) })
  }
  return claimed
}

/** Everything that the source has now is in these editions afterwards, and nothing that it has not. */
export async function readEditions(
  context: PipelineContext,
  group: EditionGroup,
  claimed: readonly ClaimedEdition[],
  { signal, onProgress }: ReadOptions,
): Promise<readonly EditionCounts[]> {
  const readings: Reading[] = []
  try {
    for (const one of claimed) readings.push(await begin(context, group, one, signal))
    const jobs = claimed.map(({ job }) => job)
    const everyMs = Math.min(...jobs.map(({ config }) => config.everyMs))
    await using opened = await openGroup(context, { ...group, jobs, configured: jobs }, jobs, {
      until: 'now',
      everyMs,
      signal,
    })
    const indexer = withoutWord(opened)
    await readRound(context, indexer, readings, { signal, onProgress })
    signal.throwIfAborted()
    await compareRound(context, indexer, readings, { type: group.type, all: true, signal, onProgress })
    for (const reading of readings) await refuseBlind(context, indexer, reading)
    signal.throwIfAborted()
  } finally {
    // What was read and paid for is still written, under the claim.
    for (const { writer } of readings) await writer.settled()
  }
  return readings.map(({ job, writer }) => ({ source: job.config.name, ...writer.counts }))
}

async function begin(
  { ledger, ...context }: PipelineContext,
  { type }: EditionGroup,
  { job, claim }: ClaimedEdition,
  signal: AbortSignal,
): Promise<Reading> {
  const { sourceId, epoch } = claim
  const isFresh = claim.mapping !== settingsNote(job)
  if (isFresh) await ledger.startFullRead({ sourceId, epoch, mapping: settingsNote(job) })
  await ledger.noteMadeWith({ sourceId, madeWith: madeWithOf(job) })
  const ahead = type.isOlder === undefined ? [] : await ledger.keysAhead({ sourceId })
  return startReading({ ...context, ledger }, job, claim, {
    cursor: isFresh ? undefined : claim.cursor,
    // Searches need the graph while this is loaded.
    loading: false,
    ahead: new Map(ahead.map(({ key, position }) => [key, position])),
    isOlder: type.isOlder,
    streamed: isStreamed(type, job),
    unsure: isFresh || claim.deletesDue,
    signal,
    onCommit: () => {},
  })
}

/** The source may forget what the edition that answers has; what this one has read says nothing of that. */
function withoutWord(indexer: Indexer): Indexer {
  return {
    changes: (after) => indexer.changes(after),
    keys: (source, range, want) => indexer.keys(source, range, want),
    [Symbol.asyncDispose]: () => indexer[Symbol.asyncDispose](),
  }
}

/** An empty edition has no keys to compare: a source that can't tell what it no longer has looks as if it held nothing. */
async function refuseBlind({ ledger }: PipelineContext, indexer: Indexer, { job, claim }: Reading): Promise<void> {
  const held = await ledger.liveKeys({ sourceId: claim.sourceId, after: undefined, limit: 1 })
  if (held.length > 0) return
  try {
    for await (const _ of indexer.keys(job.config.name, {}, 'keys')) break
  } catch (error) {
    if (!(error instanceof AquiferError) || error.code !== 'SOURCE_KEYS_UNKNOWN') throw error
    throw incomplete([job.config.name])
  }
}

export function incomplete(sources: readonly string[]): AquiferError {
  return new AquiferError(
    'EDITION_INCOMPLETE',
    `${sources.join(', ')} could not be read completely with the other mapping: what was deleted of it is unknown, so nothing was switched.`,
  )
}
