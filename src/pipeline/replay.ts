import { AquiferError, toAquiferError } from '../core/errors.ts'
import type { SourceConfig } from '../core/config.ts'
import type { GenerationSettings } from '../core/ledger-generations.ts'
import type { DeadLetter, DeadLetterChoice } from '../core/ledger.ts'
import { claimSource } from './claim-source.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'
import { createProjector } from './projector.ts'
import { openReplayer } from './replay-items.ts'
import { parseSettingsNote, type SourceGroup, type SourceJob } from './source-job.ts'

const pageLetters = 500

export interface ReplayOptions {
  readonly settings: GenerationSettings
  /** Everything that is configured. */
  readonly groups: readonly SourceGroup[]
  readonly configured: Readonly<Record<string, SourceConfig>>
  readonly choice: DeadLetterChoice
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

export interface SourceReplay {
  readonly source: string
  readonly tried: number
  /** Went through, or turned out to be gone. */
  readonly settled: number
  readonly failed: number
  /** Can't be processed by themselves. */
  readonly left: number
  readonly error: AquiferError | undefined
}

export interface ReplayOutcome {
  readonly sources: readonly SourceReplay[]
  /** Why the projection is behind, if it is. */
  readonly projection: AquiferError | undefined
}

/** Processes again what was set aside, and nothing else. What goes through leaves the list, what fails counts an attempt. */
export async function replay(context: PipelineContext, options: ReplayOptions): Promise<ReplayOutcome> {
  const { ledger, projection } = context
  const languages = Object.values(options.configured).map(({ language }) => language)
  const { generation, differs } = await ledger.ensureGeneration({ ...options.settings, languages })
  if (differs)
    throw new AquiferError(
      'CONFIG_NEEDS_REBUILD',
      'The model or the chunker is another than the ledger was written with.',
    )
  const sources: SourceReplay[] = []
  for (const source of await sourcesOf(context, options.choice)) {
    sources.push(await replaySource(context, options, { source, generation: generation.id }))
  }
  if (projection === undefined || options.signal.aborted) return { sources, projection: undefined }
  try {
    await createProjector(context, projection, generation.id, { activate: true }).catchUp(options.signal)
    return { sources, projection: undefined }
  } catch (error) {
    return { sources, projection: options.signal.aborted ? undefined : toAquiferError(error) }
  }
}

async function sourcesOf({ ledger }: PipelineContext, choice: DeadLetterChoice): Promise<readonly string[]> {
  if (choice.ids !== undefined) {
    const letters = await ledger.deadLetters({ ...choice, limit: choice.ids.length })
    return [...new Set(letters.map(({ source }) => source))]
  }
  return (await ledger.status()).sources
    .filter(({ name, deadLetters }) => deadLetters > 0 && (choice.source ?? name) === name)
    .map(({ name }) => name)
}

interface Target {
  readonly source: string
  readonly generation: number
}

async function replaySource(
  context: PipelineContext,
  options: ReplayOptions,
  { source, generation }: Target,
): Promise<SourceReplay> {
  const counts = { tried: 0, settled: 0, failed: 0, left: 0 }
  const lost = new AbortController()
  const signal = AbortSignal.any([options.signal, lost.signal])
  let error: AquiferError | undefined
  try {
    const { group, job } = find(options.groups, source)
    await using claim = await claimSource(context, job, {
      generation,
      onLost: (reason) => lost.abort(reason),
      signal,
    })
    const writtenWith = claim.mapping === undefined ? undefined : parseSettingsNote(claim.mapping).mappingDigest
    if (writtenWith !== undefined && writtenWith !== job.mappingDigest) {
      const fix = `Run \`aquifer sync ${source}\` first: it says what the change takes.`
      throw new AquiferError('CONFIG_NEEDS_REBUILD', `The settings of ${source} changed since it was read.`, { fix })
    }
    await using replayer = openReplayer(context, { group, job, claim, generation, signal })
    for (let before: number | undefined; ;) {
      signal.throwIfAborted()
      const page = await context.ledger.deadLetters({
        ...options.choice,
        source,
        ...(before === undefined ? {} : { before }),
        limit: pageLetters,
      })
      if (page.length === 0) break
      await replayer.run(page)
      await count(context, page, counts)
      before = page.at(-1)?.id
      options.onProgress(progressOf(source, 'replaying', counts))
    }
  } catch (thrown) {
    error = toAquiferError(lost.signal.aborted ? lost.signal.reason : thrown)
    if (options.signal.aborted) throw thrown
  }
  options.onProgress(progressOf(source, error === undefined ? 'done' : 'failed', counts))
  return { source, ...counts, error: error ?? leftError(source, counts.left) }
}

function find(groups: readonly SourceGroup[], source: string): { group: SourceGroup; job: SourceJob } {
  for (const group of groups) {
    const job = group.jobs.find(({ config }) => config.name === source)
    if (job !== undefined) return { group, job }
  }
  const fix = `Run \`aquifer sync --full\`, which removes it, or \`aquifer dead-letters drop --source ${source}\`.`
  throw new AquiferError('SOURCE_UNKNOWN', `The source ${source} is no longer configured.`, { fix })
}

/** The ledger itself tells what became of them. */
async function count(
  { ledger }: PipelineContext,
  page: readonly DeadLetter[],
  counts: { tried: number; settled: number; failed: number; left: number },
): Promise<void> {
  const ids = page.map(({ id }) => id)
  const now = new Map(
    (await ledger.deadLetters({ source: undefined, ids, limit: ids.length })).map((one) => [one.id, one]),
  )
  for (const { id, attempts } of page) {
    const letter = now.get(id)
    counts.tried++
    if (letter === undefined) counts.settled++
    else if (letter.attempts > attempts) counts.failed++
    else counts.left++
  }
}

function leftError(source: string, left: number): AquiferError | undefined {
  if (left === 0) return undefined
  const fix = `Run \`aquifer sync --full ${source}\`, which reads every item again, or drop them if they are gone.`
  const what = left === 1 ? 'One item' : `${left.toLocaleString('en-US')} items`
  return new AquiferError('REPLAY_NOT_POSSIBLE', `${what} of ${source} cannot be read alone, or could not be found.`, {
    fix,
  })
}

function progressOf(
  source: string,
  phase: 'replaying' | 'done' | 'failed',
  { tried, settled, failed }: { readonly tried: number; readonly settled: number; readonly failed: number },
): Parameters<OnProgress>[0] {
  return { source, phase, read: tried, written: settled, unchanged: 0, deleted: 0, rejected: failed }
}
