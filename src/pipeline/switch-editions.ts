import pLimit from 'p-limit'
import { AquiferError, toAquiferError } from '../core/errors.ts'
import { aloneWithGenerations } from './alone.ts'
import { claimSource, type HeldClaim } from './claim-source.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'
import { createProjector } from './projector.ts'
import { claimEditions, incomplete, readEditions, type EditionCounts, type EditionGroup } from './read-editions.ts'
import { settle } from './settle.ts'
import type { SourceGroup } from './source-job.ts'
import { syncGroup } from './sync-group.ts'

const concurrentGroups = 3
const tries = 5

interface SwitchOptions {
  /** Called once nobody else builds or switches anything. */
  readonly choose: () => Promise<readonly EditionGroup[]>
  /** Sources as what answers was read: unless somebody else does, they are followed for it until the last round. */
  readonly follow: readonly SourceGroup[]
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

/**
 * Reads editions beside the ones that answer, then makes them answer, all in one step; the others are kept. While they are read,
 * whoever follows the sources goes on. For the last round nobody does: what the others have seen deleted is deleted in these, too.
 */
export function switchToEditions(
  context: PipelineContext,
  { choose, ...options }: SwitchOptions,
): Promise<readonly EditionCounts[]> {
  return aloneWithGenerations(context, options.signal, async () => {
    const groups = await choose()
    const { generation } = await context.ledger.status()
    if (generation === undefined) throw new AquiferError('LEDGER_EMPTY', 'Nothing has been indexed yet.')
    const bringing: Bringing = { ...options, groups, generation: generation.id }
    const before = await besideFollowing(context, bringing, () => bring(context, bringing))
    const last = await bringLast(context, bringing)
    await settle(context, options.signal, options.onProgress)
    await sweepEditions(context, generation.id, options.signal)
    return before.map((counts) =>
      add(
        counts,
        last.find(({ source }) => source === counts.source),
      ),
    )
  })
}

interface Bringing extends Omit<SwitchOptions, 'choose'> {
  readonly groups: readonly EditionGroup[]
  readonly generation: number
}

/** What is deleted or withdrawn meanwhile goes at once from what is found. Trouble with that is no reason to end. */
async function besideFollowing<T>(
  context: PipelineContext,
  { follow, generation, signal }: Bringing,
  work: () => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const options = {
    generation,
    full: false,
    watch: true,
    compareAll: false,
    signal: AbortSignal.any([signal, stop.signal]),
    onProgress: () => {},
    onRead: () => false,
    onTrouble: (sources: readonly string[], error: AquiferError) =>
      context.log.warn({ sources, err: error }, 'what answers is not followed while another mapping is read'),
  }
  const { projection } = context
  const projector =
    projection === undefined || follow.length === 0
      ? undefined
      : createProjector(context, projection, generation, { activate: true, persistent: true })
  const following = Promise.allSettled([
    ...follow.map((group) => syncGroup(context, group, { ...options, onCommit: () => projector?.notify() })),
    projector?.run(options.signal),
  ])
  try {
    return await work()
  } finally {
    stop.abort()
    await following
  }
}

/** The long part, in turns with whoever writes what answers. */
async function bring(context: PipelineContext, bringing: Bringing): Promise<readonly EditionCounts[]> {
  const limit = pLimit(concurrentGroups)
  const results = await Promise.allSettled(
    bringing.groups.map((group) => limit(() => patiently(context, bringing, () => readOnce(context, group, bringing)))),
  )
  const counts = results.flatMap((result) => {
    if (result.status === 'rejected') throw toAquiferError(result.reason)
    return result.value
  })
  await settle(context, bringing.signal, bringing.onProgress)
  await project(context, bringing.generation, bringing.signal)
  return counts
}

async function readOnce(
  context: PipelineContext,
  group: EditionGroup,
  bringing: Bringing,
): Promise<readonly EditionCounts[]> {
  const lost = new AbortController()
  const options = { ...bringing, signal: AbortSignal.any([bringing.signal, lost.signal]) }
  await using claims = new AsyncDisposableStack()
  const claimed = await claimEditions(context, group, claims, { ...options, onLost: (error) => lost.abort(error) })
  // Before the claims are given back.
  const counts = await readEditions(context, group, claimed, options)
  return counts
}

/** Under all claims from before the first read until the switch. */
async function bringLast(context: PipelineContext, bringing: Bringing): Promise<readonly EditionCounts[]> {
  const { groups, generation } = bringing
  const lost = new AbortController()
  const signal = AbortSignal.any([bringing.signal, lost.signal])
  const options = { ...bringing, signal, onLost: (error: unknown) => lost.abort(error) }
  await using claims = new AsyncDisposableStack()
  const answering = new Map<string, HeldClaim>()
  for (const { job } of groups.flatMap(({ editions }) => editions)) {
    const claim = await claimSource(context, job, { ...options, takesOver: true })
    answering.set(job.config.name, claims.use(claim))
  }
  const counts: EditionCounts[] = []
  const switches = []
  for (const group of groups) {
    const claimed = await claimEditions(context, group, claims, options)
    counts.push(...(await patiently(context, options, () => readEditions(context, group, claimed, options))))
    for (const { job, claim } of claimed) {
      const from = answering.get(job.config.name)
      if (from === undefined) throw new AquiferError('INTERNAL', 'An edition is to take the place of none.')
      switches.push({ from: heldOf(from), to: heldOf(claim) })
    }
  }
  await project(context, generation, signal)
  const { unread } = await context.ledger.switchEditions({ switches })
  if (unread.length > 0) throw incomplete(unread)
  return counts
}

const heldOf = ({ sourceId, epoch }: HeldClaim): { sourceId: number; epoch: number } => ({ sourceId, epoch })

/** Two readers of one source may be in each other's way for a moment; what was read is not read again. */
async function patiently<T>(
  { clock }: PipelineContext,
  { signal }: Pick<Bringing, 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await work()
    } catch (thrown) {
      if (signal.aborted || toAquiferError(thrown).kind !== 'unavailable' || failures >= tries) throw thrown
      await clock.sleep(500 * 2 ** failures, signal)
    }
  }
}

async function project(context: PipelineContext, generation: number, signal: AbortSignal): Promise<void> {
  if (context.projection === undefined) return
  await createProjector(context, context.projection, generation, { activate: true }).catchUp(signal)
}

/** Tombstones what was dropped, has the projection forget it, then forgets it; what is left of it the next sync does. */
export async function sweepEditions(context: PipelineContext, generation: number, signal: AbortSignal): Promise<void> {
  const { ledger, projection } = context
  const { dropped } = await ledger.dropEditions({})
  if (dropped === 0) return
  await project(context, generation, signal)
  if (projection !== undefined) await purgeDropped(context, generation)
  await ledger.forgetEditions()
}

export async function purgeDropped({ ledger, projection }: PipelineContext, generation: number): Promise<void> {
  if (projection === undefined) return
  const positions = await ledger.projectionPositions({ projection: projection.name, generation })
  for (const { sourceId, edition, feed } of positions) {
    if (edition === 'dropped') await projection.purge(generation, sourceId, feed)
  }
}

function add(before: EditionCounts, last: EditionCounts | undefined): EditionCounts {
  if (last === undefined) return before
  return {
    source: before.source,
    read: before.read + last.read,
    written: before.written + last.written,
    unchanged: before.unchanged + last.unchanged,
    deleted: before.deleted + last.deleted,
    rejected: before.rejected + last.rejected,
  }
}
