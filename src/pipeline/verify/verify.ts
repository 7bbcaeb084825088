import { AquiferError, toAquiferError } from '../../core/errors.ts'
import type { GenerationSettings } from '../../core/ledger-generations.ts'
import type { LedgerStatus } from '../../core/ledger.ts'
import type { SourceConfig } from '../../core/config.ts'
import { findDrift, rebuildError } from '../needs-rebuild.ts'
import type { PipelineContext } from '../pipeline.ts'
import type { SourceGroup } from '../source-job.ts'
import { catchUpBySync, catchUpByWaiting } from './catch-up.ts'
import { compareLedger, compareStrays } from './compare-ledger.ts'
import { compareLexical } from './compare-lexical.ts'
import { collectFindings, type Difference, type Findings, type SourceFindings } from './findings.ts'
import type { VerifiedSource, VerifyContext, VerifyProgress } from './verify-context.ts'
import { verifySource } from './verify-source.ts'

/** So many differences are named; the rest are counted. */
const mostNamed = 1000

export interface VerifyOptions {
  readonly settings: GenerationSettings
  /** What to verify. */
  readonly groups: readonly SourceGroup[]
  readonly configured: Readonly<Record<string, SourceConfig>>
  readonly repair: boolean
  /** Who brings the ledger past what was read of a source: this run, or whoever holds the source. */
  readonly reads: 'here' | 'elsewhere'
  readonly pace: (workMs: number) => Promise<void>
  readonly signal: AbortSignal
  readonly onProgress: (progress: VerifyProgress) => void
}

export interface VerifiedOutcome extends Omit<SourceFindings, 'source'> {
  readonly name: string
  readonly records: number
  /** Of what was found, what is as it ought to be now: looked at again after it was mended. */
  readonly repaired: number
  readonly error: AquiferError | undefined
}

export interface VerifyOutcome {
  /** Those asked for, and whatever else something was found of; '' for what belongs to no source that is known. */
  readonly sources: readonly VerifiedOutcome[]
  /** Never synced: there is nothing to compare yet. */
  readonly unsynced: readonly string[]
  /** The first of them. */
  readonly differences: readonly Difference[]
  readonly found: number
  readonly remaining: number
  /** Whether everything could be read and decided. */
  readonly complete: boolean
  /** Why the words could not be compared. */
  readonly lexicalError: AquiferError | undefined
  readonly tookMs: number
}

interface Pass {
  readonly findings: Findings
  readonly errors: ReadonlyMap<string, AquiferError>
  readonly lexicalError: AquiferError | undefined
}

/** Compares sources, ledger, vectors and words by what each of them holds, names what differs and, asked to, mends it. */
export async function verify(pipeline: PipelineContext, options: VerifyOptions): Promise<VerifyOutcome> {
  const { ledger, clock } = pipeline
  const started = clock.passed()
  const status = await ledger.status()
  const { generation } = status
  if (generation === undefined) throw new AquiferError('LEDGER_EMPTY', 'Nothing has been indexed yet.')
  const targets = findTargets(status, options)
  const first = await runPass(pipeline, { status, targets }, options)
  const isMended = options.repair && first.findings.count > 0
  if (isMended) {
    for (const { sourceId } of targets) await ledger.recount({ generation: generation.id, sourceId })
  }
  const last = isMended ? await runPass(pipeline, { status, targets }, { ...options, repair: false }) : first
  const after = await ledger.status()
  // What was compared last is no longer what answers, and no longer followed.
  const answers = new Set(after.sources.map(({ id }) => id))
  if (after.generation?.id !== generation.id || targets.some(({ sourceId }) => !answers.has(sourceId)))
    throw new AquiferError('GENERATION_SWITCHED', 'The ledger was switched to another generation or mapping meanwhile.')
  const outcomeOf = (name: string): VerifiedOutcome => {
    const { source: _, ...counts } = first.findings.of(name)
    const repaired = isMended ? Math.max(0, countOf(counts) - countOf(last.findings.of(name))) : 0
    const records = after.sources.find((one) => one.name === name)?.records ?? 0
    const { undecided } = last.findings.of(name)
    return { name, ...counts, undecided, records, repaired, error: last.errors.get(name) }
  }
  const names = targets.map(({ job }) => job.config.name)
  const others = first.findings.sources.filter((one) => !names.includes(one.source) && countOf(one) > 0)
  const sources = [...names, ...others.map(({ source }) => source)].map(outcomeOf)
  const outcome: VerifyOutcome = {
    sources,
    unsynced: options.groups
      .flatMap(({ jobs }) => jobs.map(({ config }) => config.name))
      .filter((name) => !names.includes(name)),
    differences: first.findings.differences,
    found: first.findings.count,
    remaining: last.findings.count,
    complete:
      last.errors.size === 0 &&
      last.lexicalError === undefined &&
      last.findings.sources.every(({ undecided }) => undecided === 0),
    lexicalError: last.lexicalError,
    tookMs: clock.passed() - started,
  }
  await note(pipeline, targets, outcome)
  return outcome
}

function findTargets(status: LedgerStatus, options: VerifyOptions): readonly VerifiedSource[] {
  const jobs = options.groups.flatMap((group) => group.jobs)
  // What is configured in another way now would differ all over.
  const drift = findDrift(status, options.settings, jobs, options.configured)
  const needed = rebuildError({ ...drift, removed: [] }, status, {
    tokensPerChunk: 0,
    pricePerMillionTokens: undefined,
  })
  if (needed !== undefined) throw needed
  return options.groups.flatMap((group) =>
    group.jobs.flatMap((job): readonly VerifiedSource[] => {
      const held = status.sources.find(({ name }) => name === job.config.name)
      return held === undefined ? [] : [{ sourceId: held.id, job, group }]
    }),
  )
}

async function runPass(
  pipeline: PipelineContext,
  { status, targets }: { readonly status: LedgerStatus; readonly targets: readonly VerifiedSource[] },
  options: VerifyOptions,
): Promise<Pass> {
  const { repair, signal, pace, onProgress, reads } = options
  const findings = collectFindings(mostNamed)
  const generation = status.generation?.id ?? 0
  const context: VerifyContext = { pipeline, generation, findings, repair, signal, pace, onProgress }
  const catchUp = reads === 'here' ? catchUpBySync(context) : catchUpByWaiting(context)
  const errors = new Map<string, AquiferError>()
  const isAll = status.sources.every(({ id }) => targets.some(({ sourceId }) => sourceId === id))
  // First: a passage that is mended takes the place, and with it the vector, of one that was lost.
  await compareStrays(context, isAll ? undefined : new Set(targets.map(({ job }) => job.config.name)))
  for (const target of targets) {
    const { name } = target.job.config
    try {
      const ledger = await compareLedger(context, target)
      const source = await verifySource(context, target, catchUp)
      if (!repair || !(ledger.needsRead || source.needsRead)) continue
      if (!(await catchUp.reread(target))) findings.of(name).undecided++
    } catch (thrown) {
      signal.throwIfAborted()
      errors.set(name, toAquiferError(thrown))
    }
  }
  const lexicalError = await compareWords(context, {
    sources: isAll ? undefined : targets.map(({ sourceId }) => sourceId),
    except: status.hidden,
    nameOf: new Map(status.sources.map(({ id, name }) => [id, name])),
  })
  return { findings, errors, lexicalError }
}

async function compareWords(
  context: VerifyContext,
  target: Parameters<typeof compareLexical>[2],
): Promise<AquiferError | undefined> {
  const { projection } = context.pipeline
  if (projection === undefined) return undefined
  try {
    await compareLexical(context, projection, target)
    return undefined
  } catch (thrown) {
    context.signal.throwIfAborted()
    return toAquiferError(thrown)
  }
}

async function note(
  { ledger, clock }: PipelineContext,
  targets: readonly VerifiedSource[],
  { sources, lexicalError }: VerifyOutcome,
): Promise<void> {
  const at = new Date(clock.now()).toISOString()
  for (const { sourceId, job } of targets) {
    const found = sources.find(({ name }) => name === job.config.name)
    if (found === undefined) continue
    const { compared, repaired, undecided, error } = found
    const complete = error === undefined && lexicalError === undefined && undecided === 0
    await ledger.noteVerified({
      sourceId,
      note: { at, compared, differences: countOf(found), mended: repaired, complete },
    })
  }
}

function countOf({ missing, extra, different }: Pick<SourceFindings, 'missing' | 'extra' | 'different'>): number {
  return missing + extra + different
}
