import type { SourceConfig } from '../core/config.ts'
import type { GenerationView, WantedGeneration } from '../core/ledger-generations.ts'
import type { LedgerStatus } from '../core/ledger.ts'
import { takesUp } from './build-editions.ts'
import { estimateWork, noWork, type Work } from './estimate-work.ts'
import { findDrift, type Drift } from './needs-rebuild.ts'
import type { PipelineContext } from './pipeline.ts'
import { parseSettingsNote, type SourceGroup } from './source-job.ts'

export interface PlanOptions {
  readonly settings: WantedGeneration
  readonly groups: readonly SourceGroup[]
  readonly configured: Readonly<Record<string, SourceConfig>>
  /** Sources as what answers was read, where that can be had: while another mapping is read, they are followed. */
  readonly earlier: readonly SourceGroup[]
  /** 0 for a model that costs nothing; undefined where nobody said what it costs. */
  readonly pricePerMillionTokens: number | undefined
  readonly isLocalModel: boolean
  readonly signal: AbortSignal
}

export interface PlannedSource {
  readonly source: string
  readonly records: number
  readonly passages: number
}

/** What the configuration would change in the ledger, and what that takes. */
export interface Plan {
  /** Nothing has been indexed yet. */
  readonly isFirst: boolean
  readonly drift: Drift
  /** The generation that would be built beside the one that answers. */
  readonly build: PlannedBuild | undefined
  /** Sources that would be read again with another mapping, beside what answers. */
  readonly mappings: readonly PlannedMapping[]
  readonly removed: readonly PlannedSource[]
  /** Sources of which a mapping was half read by an apply that was stopped, and is not asked for any more. */
  readonly leftovers: readonly string[]
  /** What the next sync does by itself: sources never read, and those that read from elsewhere now. */
  readonly nextSync: readonly { readonly source: string; readonly why: 'new' | 'options' }[]
}

export interface PlannedMapping extends PlannedSource {
  /** What is there already: nothing, what an interrupted run has read, or the edition that is kept. */
  readonly begins: 'new' | 'building' | 'kept'
  /** Records of that. */
  readonly read: number
  /** If no text stayed as it is: what has been embedded before is not paid for again. */
  readonly tokensAtMost: number
  readonly costAtMost: number | undefined
  readonly secondsAtMost: number
  /** Records of an edition that is kept until now, and would be dropped for it. */
  readonly dropped: number
  /** Until the switch some process follows the source for what answers: a watch, or the apply itself. */
  readonly isFollowed: boolean
}

export interface PlannedBuild extends Work {
  readonly answering: GenerationView
  readonly wanted: WantedGeneration
  /** What is there already: nothing, the half of an interrupted run, or the generation that is kept. */
  readonly begins: 'new' | 'building' | 'kept'
  readonly sources: readonly (PlannedSource & Work)[]
  readonly cost: number | undefined
  readonly seconds: number
  /** Whether `seconds` comes from what this model took before, here. */
  readonly isMeasured: boolean
  /** Of the ledger's disk, while both generations are there. */
  readonly bytes: number
  /** The generation that would be dropped for it. */
  readonly dropped: GenerationView | undefined
  /** Sources whose rows bring vectors of a length that the new generation can't hold. */
  readonly blocked: readonly string[]
}

export const isPending = ({ build, mappings, removed }: Plan): boolean =>
  build !== undefined || mappings.length > 0 || removed.length > 0

/** Compares the configuration with what the ledger is built with. Writes nothing, and reads no source. */
export async function makePlan(context: PipelineContext, options: PlanOptions): Promise<Plan> {
  const status = await context.ledger.status()
  const jobs = options.groups.flatMap((group) => group.jobs)
  const drift = findDrift(status, options.settings, jobs, options.configured)
  const held = new Map(status.sources.map((source) => [source.name, source]))
  const planned = (name: string): PlannedSource => ({
    source: name,
    records: held.get(name)?.records ?? 0,
    passages: held.get(name)?.chunks ?? 0,
  })
  return {
    isFirst: status.generation === undefined,
    drift,
    build:
      drift.generation.length === 0 || status.sources.every(({ records }) => records === 0)
        ? undefined
        : await planBuild(context, { status, drift, planned }, options),
    mappings: await planMappings(context, { status, drift, planned }, options),
    // Nobody has to agree to the loss of nothing.
    removed: drift.removed.map(planned).filter(({ records }) => records > 0),
    leftovers: (await context.ledger.editions())
      .filter(({ source, state }) => state === 'building' && !drift.mappings.includes(source))
      .map(({ source }) => source),
    nextSync: jobs.flatMap(({ config: { name }, optionsDigest }): Plan['nextSync'] => {
      const note = held.get(name)?.mapping
      if (note === undefined) return [{ source: name, why: 'new' }]
      return parseSettingsNote(note).optionsDigest === optionsDigest ? [] : [{ source: name, why: 'options' }]
    }),
  }
}

interface Found {
  readonly status: LedgerStatus
  readonly drift: Drift
  readonly planned: (name: string) => PlannedSource
}

async function planMappings(
  context: PipelineContext,
  { status, drift, planned }: Found,
  options: PlanOptions,
): Promise<readonly PlannedMapping[]> {
  const editions = await context.ledger.editions()
  const generations = await context.ledger.generations()
  const price = options.pricePerMillionTokens
  const mappings: PlannedMapping[] = []
  for (const job of options.groups.flatMap(({ jobs }) => jobs)) {
    const { name } = job.config
    const source = status.sources.find((one) => one.name === name)
    if (source === undefined || !drift.mappings.includes(name)) continue
    const { id: sourceId, feed: head, records } = source
    const { work } = await estimateWork(context, { sourceId, from: 0, head, records }, { knows: false, ...options })
    const begins = takesUp(editions, job)
    const own = editions.filter((one) => one.source === name)
    const recordsOf = (state: string): number => own.find((one) => one.state === state)?.records ?? 0
    mappings.push({
      ...planned(name),
      begins,
      read: recordsOf(begins),
      tokensAtMost: work.tokens,
      costAtMost: price === undefined ? undefined : (work.tokens / 1e6) * price,
      secondsAtMost: estimateTime(work, { generations, ...options }).seconds,
      dropped: begins === 'kept' ? 0 : recordsOf('kept'),
      isFollowed: source.syncing || options.earlier.some(({ jobs }) => jobs.some(({ config }) => config.name === name)),
    })
  }
  return mappings
}

async function planBuild(
  context: PipelineContext,
  { status, drift, planned }: Found,
  options: PlanOptions,
): Promise<PlannedBuild | undefined> {
  const { settings: wanted } = options
  const generations = await context.ledger.generations()
  const answering = generations.find(({ state }) => state === 'active')
  if (answering === undefined) return undefined
  const kept = generations.find(({ state }) => state === 'kept')
  const target = generations.find((one) => one.state !== 'active' && isSame(one, options))
  const positions = target === undefined ? [] : await context.ledger.generationPositions({ generation: target.id })
  const sources: (PlannedSource & Work)[] = []
  const blocked: string[] = []
  for (const { id: sourceId, name, feed: head, records } of status.sources) {
    if (drift.removed.includes(name)) continue
    const from = positions.find((position) => position.sourceId === sourceId)?.feed ?? 0
    const { work, hasOwnVectors } = await estimateWork(
      context,
      { sourceId, from, head, records },
      { knows: true, ...options },
    )
    sources.push({ ...planned(name), ...work })
    if (hasOwnVectors && wanted.dimensions !== answering.dimensions) blocked.push(name)
  }
  const work = sources.reduce(add, noWork)
  const price = options.pricePerMillionTokens
  return {
    ...work,
    answering,
    wanted,
    begins: target === undefined || target.state === 'active' ? 'new' : target.state,
    sources,
    cost: price === undefined ? undefined : (work.tokens / 1e6) * price,
    ...estimateTime(work, { generations, ...options }),
    bytes: target?.state === 'kept' ? 0 : estimateBytes(answering, wanted, work.passages),
    dropped: kept === target ? undefined : kept,
    blocked,
  }
}

/** Whether a generation is what `beginGeneration` would take up again. */
function isSame(one: GenerationView, { settings, configured }: PlanOptions): boolean {
  return (
    one.model === settings.model &&
    one.dimensions === settings.dimensions &&
    one.chunker === settings.chunker &&
    Object.entries(one.languages).every(([name, language]) => (configured[name]?.language ?? language) === language)
  )
}

function add(sum: Work, { passages, reused, tokens, isExact, afresh }: Work): Work {
  return {
    passages: sum.passages + passages,
    reused: sum.reused + reused,
    afresh: sum.afresh + afresh,
    tokens: sum.tokens + tokens,
    isExact: sum.isExact && isExact,
  }
}

/** Where nothing was measured: what one core does with the local model, a modest endpoint, and a ledger on a modest disk. */
const localTokensPerSecond = 4000
const endpointTokensPerSecond = 10_000
const passagesPerSecond = 500

function estimateTime(
  { tokens, passages }: Work,
  options: Pick<PlanOptions, 'settings' | 'isLocalModel'> & { readonly generations: readonly GenerationView[] },
): { readonly seconds: number; readonly isMeasured: boolean } {
  const measured = options.generations.filter(
    ({ model, embeddedTokens, embeddingMs }) =>
      model === options.settings.model && embeddedTokens >= 1000 && embeddingMs > 0,
  )
  const last = measured.at(-1)
  const assumed = options.isLocalModel ? localTokensPerSecond : endpointTokensPerSecond
  const rate = last === undefined ? assumed : (last.embeddedTokens / last.embeddingMs) * 1000
  return {
    seconds: Math.ceil(tokens / rate + passages / passagesPerSecond),
    isMeasured: last !== undefined || tokens === 0,
  }
}

function estimateBytes(answering: GenerationView, wanted: WantedGeneration, passages: number): number {
  const share = passages / Math.max(1, answering.chunks)
  const vectors = answering.vectorBytes * (wanted.dimensions / answering.dimensions)
  return Math.round(share * (answering.chunkBytes + vectors))
}
