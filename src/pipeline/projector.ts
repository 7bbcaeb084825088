import { AquiferError, toAquiferError, toErrorView } from '../core/errors.ts'
import type { ProjectionPosition } from '../core/ledger-feed.ts'
import type { LexicalProjection } from '../core/lexical.ts'
import type { PipelineContext } from './pipeline.ts'

const pageRecords = 2000

export interface Projector {
  /** There is something new in the feed. */
  notify(): void
  /** Projects until the signal aborts, riding out outages; the ledger goes on meanwhile. */
  run(signal: AbortSignal): Promise<void>
  /** Projects everything there is; LEXICAL_UNREACHABLE when the store stays away. */
  catchUp(signal: AbortSignal): Promise<void>
}

/** Keeps one projection in step with the ledger's feed. Several may run at once: every write carries its version. */
export function createProjector(
  context: PipelineContext,
  projection: LexicalProjection,
  generation: number,
  { activate }: { readonly activate: boolean },
): Projector {
  const { ledger, clock, log } = context
  let wake: (() => void) | undefined
  let news = true

  /** Indices that were lost are made again and filled from the feed's start. */
  const prepare = async (): Promise<void> => {
    if (!(await projection.exists(generation)))
      await ledger.resetProjection({ projection: projection.name, generation })
    await projection.prepare(generation)
  }

  const positions = (): Promise<readonly ProjectionPosition[]> =>
    ledger.projectionPositions({ projection: projection.name, generation })

  const pass = async (signal: AbortSignal): Promise<void> => {
    let wrote = false
    for (const position of await positions()) {
      let after = position.feed
      let head = position.head
      while (after < head) {
        signal.throwIfAborted()
        const page = await ledger.feedPage({ generation, sourceId: position.sourceId, after, limit: pageRecords })
        const { rejected } = await projection.write(generation, page.records)
        const error = new AquiferError('LEXICAL_REJECTED', 'Elasticsearch refused this record.')
        if (rejected.length > 0) {
          await ledger.addDeadLetters({
            sourceId: position.sourceId,
            letters: rejected.map(({ record }) => ({
              key: record.key,
              stage: 'project' as const,
              position: String(record.feed),
              error: toErrorView(error),
            })),
          })
        }
        // An empty page below the head: the last changes were all overtaken by newer ones.
        after = page.records.length === 0 ? page.head : page.next
        head = page.head
        wrote = true
        await ledger.advanceProjection({
          projection: projection.name,
          generation,
          sourceId: position.sourceId,
          feed: after,
        })
      }
    }
    if (wrote) await projection.refresh(generation)
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
      await pass(signal)
    },
    run: async (signal) => {
      let prepared = false
      for (let failures = 0; !signal.aborted;) {
        await waitForNews(signal)
        news = false
        try {
          if (!prepared) {
            await prepare()
            if (activate) await projection.activate(generation)
          }
          prepared = true
          await pass(signal)
          failures = 0
        } catch (thrown) {
          if (signal.aborted) return
          const error = toAquiferError(thrown)
          if (error.kind === 'config') throw error
          // Its indices are gone, or another generation is live: looked at again.
          if (error.code === 'LEXICAL_NOT_READY') prepared = false
          log.warn({ err: thrown, code: error.code }, `${projection.name} is behind: ${error.message}`)
          news = true
          await clock.sleep(Math.min(30_000, 500 * 2 ** Math.min(failures++, 6)), signal)
        }
      }
    },
  }
}
