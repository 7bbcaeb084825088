import { AquiferError, toErrorView } from '../core/errors.ts'
import type { ProjectionPosition } from '../core/ledger-feed.ts'
import type { LexicalProjection } from '../core/lexical.ts'
import type { PipelineContext } from './pipeline.ts'

const pageRecords = 2000

/** Writes what the feed has and the projection has not, source by source, and notes after each page how far it is. */
export async function projectFeed(
  context: PipelineContext,
  projection: LexicalProjection,
  generation: number,
  signal: AbortSignal,
): Promise<void> {
  let wrote = false
  for (const position of await context.ledger.projectionPositions({ projection: projection.name, generation })) {
    if (position.feed >= position.head) continue
    await projectSource(context, projection, generation, position, signal)
    wrote = true
  }
  if (wrote) await projection.refresh(generation)
}

async function projectSource(
  { ledger }: PipelineContext,
  projection: LexicalProjection,
  generation: number,
  { sourceId, feed, head }: ProjectionPosition,
  signal: AbortSignal,
): Promise<void> {
  for (let from = feed; from < head;) {
    signal.throwIfAborted()
    const page = await ledger.feedPage({ generation, sourceId, after: from, limit: pageRecords })
    const { rejected } = await projection.write(generation, page.records)
    if (rejected.length > 0) {
      const error = toErrorView(new AquiferError('LEXICAL_REJECTED', 'Elasticsearch refused this record.'))
      const letters = rejected.map(({ record }) => ({
        key: record.key,
        stage: 'project' as const,
        position: String(record.feed),
        error,
      }))
      await ledger.addDeadLetters({ sourceId, letters })
    }
    // An empty page below the head: the last changes were all overtaken by newer ones.
    const to = page.records.length === 0 ? page.head : page.next
    await ledger.advanceProjection({ projection: projection.name, generation, sourceId, from, feed: to })
    if (to <= from) return
    from = to
    head = page.head
  }
}
