import { AquiferError, toAquiferError } from '../core/errors.ts'
import type { LexicalProjection } from '../core/lexical.ts'
import type { PipelineContext } from './pipeline.ts'
import { projectFeed } from './project-feed.ts'

/** Indices may be lost while nothing changes that would have to be written. */
const lookAgainMs = 30_000
const tidyEveryMs = 10 * 60_000
const longestWaitMs = 15_000

export interface Projector {
  /** There is something new in the feed. */
  notify(): void
  /** Projects until the signal aborts, riding out outages; the ledger goes on meanwhile. */
  run(signal: AbortSignal): Promise<void>
  /** Projects everything there is; LEXICAL_UNREACHABLE when the store stays away. */
  catchUp(signal: AbortSignal): Promise<void>
}

interface ProjectorOptions {
  /** Searches are to look at this generation. */
  readonly activate: boolean
  /** Rides out what only an operator can mend, too. */
  readonly persistent?: boolean
  /** Told once an outage. */
  readonly onTrouble?: (error: AquiferError) => void
}

/** Keeps one projection in step with the ledger's feed. Several may run at once: every write carries its version. */
export function createProjector(
  context: PipelineContext,
  projection: LexicalProjection,
  generation: number,
  { activate, persistent = false, onTrouble = () => {} }: ProjectorOptions,
): Projector {
  const { ledger, clock, log } = context
  const target = { projection: projection.name, generation }
  let wake: (() => void) | undefined
  let news = true
  let settled = new Map<number, number>()
  let tidiedAt = clock.passed()

  /** Indices that were lost are made again and filled from the feed's start. */
  const prepare = async (): Promise<void> => {
    const { generation: active, generations } = await ledger.status()
    if (activate && active?.id !== generation) {
      throw new AquiferError('LEXICAL_NOT_READY', 'Another generation has become the active one meanwhile.')
    }
    const projected = (await ledger.projectionPositions(target)).filter(({ feed }) => feed > 0)
    const languages = new Set(projected.map(({ language }) => language))
    const isThere = await projection.exists(generation, [...languages])
    // Before they are made: else a crash would leave empty ones that look complete.
    if (!isThere) await ledger.resetProjection(target)
    const { made } = await projection.prepare(generation)
    if (isThere && made) await ledger.resetProjection(target)
    if (activate) await projection.activate(generation, generations)
  }

  /** Drops tombstones that the feed passed so long ago that no write of anybody can still be on its way. */
  const tidy = async (): Promise<void> => {
    if (clock.passed() - tidiedAt < tidyEveryMs) return
    const positions = await ledger.projectionPositions(target)
    for (const { sourceId, feed } of positions) {
      await projection.purge(generation, sourceId, Math.min(feed, settled.get(sourceId) ?? 0))
    }
    settled = new Map(positions.map(({ sourceId, feed }) => [sourceId, feed]))
    tidiedAt = clock.passed()
  }

  const waitForNews = async (signal: AbortSignal): Promise<void> => {
    if (news || signal.aborted) return
    const stop = new AbortController()
    // Other processes commit too, so it looks by itself now and then.
    await Promise.race([
      new Promise<void>((resolve) => {
        wake = resolve
      }),
      clock.sleep(1000, AbortSignal.any([signal, stop.signal])),
    ])
    stop.abort()
  }

  return {
    notify: () => {
      news = true
      wake?.()
    },
    catchUp: async (signal) => {
      await prepare()
      await projectFeed(context, projection, generation, signal)
    },
    run: async (signal) => {
      let preparedAt: number | undefined
      for (let failures = 0; !signal.aborted;) {
        await waitForNews(signal)
        news = false
        try {
          if (preparedAt === undefined || clock.passed() - preparedAt > lookAgainMs) {
            await prepare()
            preparedAt = clock.passed()
          }
          await projectFeed(context, projection, generation, signal)
          await tidy()
          failures = 0
        } catch (thrown) {
          if (signal.aborted) return
          const error = toAquiferError(thrown)
          if (error.kind === 'config' && !persistent) throw error
          // Its indices are gone, or another generation is live: looked at again.
          if (error.code === 'LEXICAL_NOT_READY') preparedAt = undefined
          log.warn({ err: thrown, code: error.code }, `${projection.name} is behind: ${error.message}`)
          if (failures === 0) onTrouble(error)
          news = true
          await clock.sleep(Math.min(longestWaitMs, 500 * 2 ** Math.min(failures++, 6)), signal)
        }
      }
    },
  }
}
