import { AquiferError, toErrorView } from '../core/errors.ts'
import type { FeedRecord, ProjectionPosition } from '../core/ledger-feed.ts'
import type { DeadLetterWrite } from '../core/ledger-sync.ts'
import type { LexicalProjection } from '../core/lexical.ts'
import type { PipelineContext } from './pipeline.ts'

/** A page, and one where another source waits for its turn. */
const pageRecords = 2000
const turnRecords = 500

/**
 * Writes what the feed has and the projection has not, and notes after each page how far it is. Sources take turns, page
 * by page, so that the backlog of one does not hold up the deletes of another. Ends when each has been at its head.
 */
export async function projectFeed(
  context: PipelineContext,
  projection: LexicalProjection,
  generation: number,
  signal: AbortSignal,
): Promise<void> {
  const { ledger } = context
  const done = new Set<number>()
  let wrote = false
  for (;;) {
    const positions = await ledger.projectionPositions({ projection: projection.name, generation })
    const behind = positions.filter(({ sourceId, feed, head }) => feed < head && !done.has(sourceId))
    if (behind.length === 0) break
    const limit = behind.length > 1 ? turnRecords : pageRecords
    let ended = 0
    for (const position of behind) {
      signal.throwIfAborted()
      if (await projectPage(context, projection, generation, { position, limit })) continue
      done.add(position.sourceId)
      ended++
    }
    wrote = true
    // Those who are through need not wait for the others to be found.
    if (ended > 0 && ended < behind.length) await projection.refresh(generation)
  }
  if (wrote) await projection.refresh(generation)
}

/** One page of a source's feed; tells whether there was more. */
async function projectPage(
  { ledger }: PipelineContext,
  projection: LexicalProjection,
  generation: number,
  { position, limit }: { readonly position: ProjectionPosition; readonly limit: number },
): Promise<boolean> {
  const { sourceId, feed } = position
  const page = await ledger.feedPage({ generation, sourceId, after: feed, limit })
  const { rejected } = await projection.write(generation, page.records)
  if (rejected.length > 0) {
    const letters = rejected.map(({ record }) => projectLetter(record))
    await ledger.addDeadLetters({ sourceId, letters })
  }
  // An empty page below the head: the last changes were all overtaken by newer ones.
  const to = page.records.length === 0 ? page.head : page.next
  await ledger.advanceProjection({ projection: projection.name, generation, sourceId, from: feed, feed: to })
  return to > feed && to < page.head
}

export function projectLetter({ key, feed }: FeedRecord): DeadLetterWrite {
  return {
    key,
    stage: 'project',
    position: String(feed),
    error: toErrorView(new AquiferError('LEXICAL_REJECTED', 'Elasticsearch refused this record.')),
  }
}
