import type { SourceConfig } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import type { Generation, WantedGeneration } from '../core/ledger-generations.ts'
import { buildGeneration } from './build-generation.ts'
import { ownVectors } from './fill-generation.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'
import type { Plan } from './plan.ts'
import { settle } from './settle.ts'
import type { SourceGroup } from './source-job.ts'
import { sync, type SyncOutcome } from './sync.ts'

interface ApplyOptions {
  readonly settings: WantedGeneration
  readonly groups: readonly SourceGroup[]
  readonly configured: Readonly<Record<string, SourceConfig>>
  readonly pricePerMillionTokens: number | undefined
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

export interface ApplyOutcome {
  /** The generation that answers from now on, if it is another one. */
  readonly generation: Generation | undefined
  /** Of what was read and mapped again, or removed. */
  readonly synced: SyncOutcome | undefined
}

/**
 * Does what a plan says that somebody agreed to: removes sources, builds a generation beside the one that answers and switches
 * to it, and reads again what is mapped in another way. Nothing beyond the plan: what has changed since is refused as before.
 */
export async function apply(context: PipelineContext, plan: Plan, options: ApplyOptions): Promise<ApplyOutcome> {
  const { ledger } = context
  const [blocked] = plan.build?.blocked ?? []
  if (blocked !== undefined) throw ownVectors(blocked, options.settings.dimensions)
  await refuseHeld(context, plan)
  for (const { source } of plan.removed) await ledger.removeSource({ source })
  const generation =
    plan.build === undefined ? undefined : await buildGeneration(context, { ...options, skipsOwnVectors: false })
  // Vectors of the last changes are found without the graph until it is fed.
  if (generation !== undefined) await settle(context, options.signal, options.onProgress)
  if (plan.removed.length === 0 && plan.mappings.length === 0) return { generation, synced: undefined }
  const mapped = new Set(plan.mappings.map(({ source }) => source))
  const synced = await sync(context, {
    ...options,
    groups: options.groups.flatMap((group) => {
      const jobs = group.jobs.filter(({ config }) => mapped.has(config.name))
      return jobs.length === 0 ? [] : [{ ...group, jobs }]
    }),
    full: false,
    agreed: { mappings: true, removed: plan.removed.length > 0 },
    watch: undefined,
    onTrouble: () => {},
  })
  return { generation, synced: { ...synced, removed: plan.removed.map(({ source }) => source) } }
}

/** Whoever still follows a source that is to go, or maps it in the old way, would only bring all that back. */
async function refuseHeld({ ledger }: PipelineContext, { removed, mappings, build }: Plan): Promise<void> {
  const names = new Set([...removed, ...(build === undefined ? mappings : [])].map(({ source }) => source))
  const held = (await ledger.status()).sources.find(({ name, syncing }) => syncing && names.has(name))
  if (held === undefined) return
  throw new AquiferError('SOURCE_BUSY', `The source ${held.name} is being synced.`, {
    fix: 'Stop the process that syncs it, then run the command again.',
  })
}
