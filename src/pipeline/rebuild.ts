import type { SourceConfig } from '../core/config.ts'
import type { Generation, GenerationSettings } from '../core/ledger.ts'
import { chunkText } from './chunk/chunk-text.ts'
import { contentHash, embedChunks, knownVectors } from './embed-chunks.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'
import { createProjector } from './projector.ts'
import { untilAborted } from './until-aborted.ts'

const pageRecords = 200

interface RebuildOptions {
  readonly settings: GenerationSettings
  readonly sources: readonly SourceConfig[]
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

/**
 * Fills a new generation from the ledger's own texts, beside the active one that goes on answering, and switches to it.
 * Nothing is read from the sources. Interrupted, it goes on where it was. Nobody else may write meanwhile: the caller
 * holds the claims of all sources.
 */
export async function rebuild(context: PipelineContext, options: RebuildOptions): Promise<Generation> {
  const { ledger, projection, embedder, chunking } = context
  const { settings, signal } = options
  const generation = await ledger.beginGeneration(settings)
  const byName = new Map(options.sources.map((source) => [source.name, source]))
  let after = await ledger.fillPosition({ generation: generation.id })
  for (let read = 0; ;) {
    signal.throwIfAborted()
    const page = await ledger.recordsPage({ after, limit: pageRecords })
    const last = page.at(-1)
    if (last === undefined) break
    // Vectors that come with the rows are in no text: those sources are read again after the switch.
    const texts = page.filter(({ source }) => byName.get(source)?.mapping.vector === undefined)
    const records = texts.map((record) => ({
      recordId: record.recordId,
      language: byName.get(record.source)?.language ?? record.language,
      chunks: chunkText({ ...record, ...chunking }),
    }))
    const chunks = records.flatMap((record) => record.chunks)
    const embedded = await embedChunks(context, chunks, { known: await knownVectors(context, chunks), signal })
    await ledger.fillGeneration({
      generation: generation.id,
      model: embedder.model,
      upTo: last.recordId,
      records: records.map((record) => ({
        ...record,
        chunks: record.chunks.map(({ header, text }) => {
          const hash = contentHash(header, text)
          const vector = embedded.vectors.get(hash)
          return vector instanceof Float32Array ? { header, text, hash, vector } : { header, text, hash }
        }),
      })),
      embeddings: embedded.embeddings,
      usage: embedded.usage,
    })
    after = last.recordId
    read += page.length
    options.onProgress({
      source: last.source,
      phase: 'rebuilding',
      read,
      written: read,
      unchanged: 0,
      deleted: 0,
      rejected: 0,
    })
  }
  if (projection !== undefined) {
    // An interrupted run may have left documents there that this generation does not have.
    await projection.drop(generation.id)
    await ledger.resetProjection({ projection: projection.name, generation: generation.id })
    await createProjector(context, projection, generation.id, { activate: false }).catchUp(signal)
  }
  const languages = Object.fromEntries(options.sources.map(({ name, language }) => [name, language]))
  await untilAborted(ledger.switchGeneration({ generation: generation.id, languages }), signal)
  await projection?.activate(generation.id)
  return { ...generation, state: 'active' }
}
