import { AquiferError } from '../core/errors.ts'
import type { EditionView } from '../core/ledger-editions.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'
import type { EditionCounts, EditionGroup, EditionJob } from './read-editions.ts'
import { madeWithOf, parseSettingsNote, settingsNote, type SourceGroup, type SourceJob } from './source-job.ts'
import { switchToEditions } from './switch-editions.ts'

interface EditionOptions {
  readonly groups: readonly SourceGroup[]
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

/** Reads these sources with the mapping they are configured with now beside what answers, then switches to that. */
export function buildEditions(
  context: PipelineContext,
  { groups, ...options }: EditionOptions & { readonly follow: readonly SourceGroup[] },
): Promise<readonly EditionCounts[]> {
  return switchToEditions(context, {
    ...options,
    choose: async () => {
      const held = await context.ledger.editions()
      return editionGroups(groups, async (job): Promise<EditionJob> => {
        if (takesUp(held, job) === 'kept') return { job, edition: 'kept' }
        const { name: source, type, language } = job.config
        await context.ledger.beginEdition({
          source,
          type,
          language,
          mapping: settingsNote(job),
          madeWith: madeWithOf(job),
        })
        return { job, edition: 'building' }
      })
    },
  })
}

/** What an apply would begin with: nothing, what an interrupted run has read, or what is kept. */
export function takesUp(held: readonly EditionView[], job: SourceJob): 'new' | 'building' | 'kept' {
  const own = held.filter(({ source, mapping }) => source === job.config.name && mapping !== undefined)
  const isOf = ({ mapping = '' }: EditionView): boolean =>
    parseSettingsNote(mapping).mappingDigest === job.mappingDigest
  if (own.some((one) => one.state === 'kept' && isOf(one))) return 'kept'
  return own.some(({ state, mapping }) => state === 'building' && mapping === settingsNote(job)) ? 'building' : 'new'
}

/** Goes back to kept editions, with the settings they were made with. */
export function restoreEditions(
  context: PipelineContext,
  { groups, ...options }: EditionOptions,
): Promise<readonly EditionCounts[]> {
  return switchToEditions(context, {
    ...options,
    follow: [],
    choose: () => editionGroups(groups, async (job) => ({ job, edition: 'kept' })),
  })
}

function editionGroups(
  groups: readonly SourceGroup[],
  editionOf: (job: SourceJob) => Promise<EditionJob>,
): Promise<readonly EditionGroup[]> {
  return Promise.all(
    groups.map(async ({ jobs, ...group }) => ({ ...group, editions: await Promise.all(jobs.map(editionOf)) })),
  )
}

/** Those that ceased to answer last, all in one step. */
export function lastKept(held: readonly EditionView[]): readonly EditionView[] {
  const kept = held.filter(({ state }) => state === 'kept')
  const last = kept
    .map(({ switchedAt = '' }) => switchedAt)
    .toSorted()
    .at(-1)
  return kept.filter(({ switchedAt = '' }) => switchedAt === last)
}

export function noEdition(): AquiferError {
  return new AquiferError('GENERATION_NONE', 'No earlier mapping is kept.')
}
