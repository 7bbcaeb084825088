import type { SourceConfig } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import type { Generation, WantedGeneration } from '../core/ledger-generations.ts'
import { buildEditions } from './build-editions.ts'
import { buildGeneration } from './build-generation.ts'
import { ownVectors } from './fill-generation.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'
import type { Plan } from './plan.ts'
import type { EditionCounts } from './read-editions.ts'
import type { Switched } from './switch-generation.ts'
import { settle } from './settle.ts'
import type { SourceGroup } from './source-job.ts'
import { sync } from './sync.ts'

interface ApplyOptions {
  readonly settings: WantedGeneration
  readonly groups: readonly SourceGroup[]
  readonly configured: Readonly<Record<string, SourceConfig>>
  readonly earlier: readonly SourceGroup[]
  readonly pricePerMillionTokens: number | undefined
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

export interface ApplyOutcome {
  /** The generation that answers from now on, if it is another one. */
  readonly generation: Generation | undefined
  /** Records whose text its model refused; dead letters say which. */
  readonly unembedded: number
  /** What was read with another mapping, and answers from now on. */
  readonly mapped: readonly EditionCounts[]
  readonly removed: readonly string[]
  /** Why the projection has not heard of what was removed. */
  readonly projection: AquiferError | undefined
}

/**
 * Does what a plan says that somebody agreed to: removes sources, builds a generation beside the one that answers and switches
 * to it, then does the same with sources that are mapped in another way. Nothing beyond the plan: what has changed since is
 * refused as before.
 */
export async function apply(context: PipelineContext, plan: Plan, options: ApplyOptions): Promise<ApplyOutcome> {
  const { ledger } = context
  const [blocked] = plan.build?.blocked ?? []
  if (blocked !== undefined) throw ownVectors(blocked, options.settings.dimensions)
  await refuseHeld(context, plan)
  for (const { source } of plan.removed) await ledger.removeSource({ source })
  const { generation, unembedded } =
    plan.build === undefined ? { generation: undefined, unembedded: 0 } : await build(context, options)
  const mapped =
    plan.mappings.length === 0
      ? []
      : await buildEditions(context, {
          ...options,
          groups: ofMappings(plan, options.groups),
          follow: inLanguagesOf(options, ofMappings(plan, options.earlier)),
        })
  const removed = plan.removed.map(({ source }) => source)
  if (removed.length === 0) return { generation, unembedded, mapped, removed, projection: undefined }
  const { projection } = await sync(context, {
    ...options,
    groups: [],
    full: false,
    agreed: { removed: true },
    watch: undefined,
    onTrouble: () => {},
  })
  return { generation, unembedded, mapped, removed, projection }
}

async function build(context: PipelineContext, options: ApplyOptions): Promise<Switched> {
  // One step back is kept, and these were the step before: to embed them with another model would be paid for nothing.
  const kept = (await context.ledger.editions()).filter(({ state }) => state === 'kept')
  await context.ledger.dropEditions({ sourceIds: kept.map(({ sourceId }) => sourceId) })
  const built = await buildGeneration(context, { ...options, skipsOwnVectors: false })
  // Vectors of the last changes are found without the graph until it is fed.
  await settle(context, options.signal, options.onProgress)
  return built
}

function ofMappings({ mappings }: Plan, groups: readonly SourceGroup[]): readonly SourceGroup[] {
  const mapped = new Set(mappings.map(({ source }) => source))
  return groups.flatMap((group) => {
    const jobs = group.jobs.filter(({ config }) => mapped.has(config.name))
    return jobs.length === 0 ? [] : [{ ...group, jobs }]
  })
}

/** A generation that was just built has the languages that are configured now. */
function inLanguagesOf({ configured }: ApplyOptions, groups: readonly SourceGroup[]): readonly SourceGroup[] {
  return groups.map((group) => ({
    ...group,
    jobs: group.jobs.map((job) => {
      const language = configured[job.config.name]?.language ?? job.config.language
      return { ...job, config: { ...job.config, language } }
    }),
  }))
}

/** Whoever still follows a source that is to go would only bring it back. */
async function refuseHeld({ ledger }: PipelineContext, { removed }: Plan): Promise<void> {
  const names = new Set(removed.map(({ source }) => source))
  const held = (await ledger.status()).sources.find(({ name, syncing }) => syncing && names.has(name))
  if (held === undefined) return
  throw new AquiferError('SOURCE_BUSY', `The source ${held.name} is being synced.`, {
    fix: 'Stop the process that syncs it, then run the command again.',
  })
}
