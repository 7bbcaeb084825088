import { AquiferError } from '../core/errors.ts'
import type { Generation, GenerationPosition, RecordText } from '../core/ledger-generations.ts'
import { chunkText } from './chunk/chunk-text.ts'
import { contentHash, embedChunks, knownVectors } from './embed-chunks.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'

const pageRecords = 200

export interface FillOptions {
  readonly generation: Generation
  /** Of a source by name. */
  readonly languages: Readonly<Record<string, string>>
  /** What a generation that takes vectors over from the active one has to have, too. */
  readonly activeDimensions: number
  /** Leaves out what brings a vector of another length; it is read again later. */
  readonly skipsOwnVectors: boolean
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

/**
 * Brings a generation that does not answer to where the feed is, from the ledger's own texts: nothing is read from the sources.
 * Killed at any moment, it goes on where it was; what is committed meanwhile comes later in the feed. Returns how many records
 * were looked at.
 */
export async function fillGeneration(context: PipelineContext, options: FillOptions): Promise<number> {
  const { ledger } = context
  let filled = 0
  for (const position of await ledger.generationPositions({ generation: options.generation.id })) {
    for (let after = position.feed; after < position.head;) {
      options.signal.throwIfAborted()
      const page = await ledger.textsPage({ sourceId: position.sourceId, after, limit: pageRecords })
      // An empty page below the head: what was there has been overtaken by newer changes, or is gone with its number.
      const upTo = page.at(-1)?.feed ?? position.head
      await fillPage(context, { ...position, feed: after }, { page, upTo }, options)
      after = upTo
      filled += page.length
      options.onProgress({
        source: position.source,
        phase: 'rebuilding',
        read: filled,
        written: filled,
        unchanged: 0,
        deleted: 0,
        rejected: 0,
      })
    }
  }
  return filled
}

async function fillPage(
  context: PipelineContext,
  { sourceId, source, feed }: GenerationPosition,
  { page, upTo }: { readonly page: readonly RecordText[]; readonly upTo: number },
  { generation, languages, activeDimensions, skipsOwnVectors, signal }: FillOptions,
): Promise<void> {
  const live = page.filter(({ deleted }) => !deleted)
  const own = live.filter(({ given }) => given)
  const fits = activeDimensions === generation.dimensions
  if (own.length > 0 && !fits) {
    if (!skipsOwnVectors) throw ownVectors(source, generation.dimensions)
    // Or the next read would take them for unchanged.
    await context.ledger.distrust({ sourceId, keys: own.map(({ key }) => key) })
  }
  const copied = fits ? own : []
  const records = live.filter(({ given }) => !given).map((record) => ({ ...record, chunks: cut(context, record) }))
  const chunks = records.flatMap((record) => record.chunks)
  const known = await knownVectors(context, chunks)
  const began = context.clock.passed()
  const embedded = await embedChunks(context, chunks, { known, signal })
  const { filled } = await context.ledger.fillGeneration({
    generation: generation.id,
    sourceId,
    from: feed,
    upTo,
    language: languages[source] ?? 'english',
    records: records.map((record) => ({
      recordId: record.recordId,
      chunks: record.chunks.map(({ header, text }) => {
        const hash = contentHash(header, text)
        const vector = embedded.vectors.get(hash)
        return vector instanceof Float32Array ? { header, text, hash, vector } : { header, text, hash }
      }),
    })),
    copied: copied.map(({ recordId }) => recordId),
    gone: page.filter(({ deleted, given }) => deleted || (given && !fits)).map(({ recordId }) => recordId),
    embeddings: embedded.embeddings,
    usage: embedded.usage,
    embeddingMs: embedded.usage.tokens === 0 ? 0 : context.clock.passed() - began,
  })
  if (!filled) {
    throw new AquiferError(
      'GENERATION_GONE',
      `Generation ${String(generation.id)} was filled or dropped by another run.`,
    )
  }
}

export const cut = (
  { chunking }: PipelineContext,
  record: RecordText,
): readonly { readonly header: string; readonly text: string }[] => chunkText({ ...record, ...chunking })

export function ownVectors(source: string, dimensions: number): AquiferError {
  return new AquiferError(
    'GENERATION_OWN_VECTORS',
    `Rows of ${source} bring vectors of their own, which are not of ${String(dimensions)} dimensions.`,
  )
}
