import type { Change } from '../../schemas/record.ts'
import { AquiferError, toErrorView } from '../core/errors.ts'
import type { ChunkWrite, DeadLetterWrite, RecordWrite } from '../core/ledger-sync.ts'
import { contentHash, embedChunks, type Paid } from './embed-chunks.ts'
import { mapChange, type MappedPut, type Put } from './map-change.ts'
import type { PipelineContext } from './pipeline.ts'
import type { SourceJob } from './source-job.ts'

export type Delete = Extract<Change, { kind: 'delete' }>

/** Changes of one source, the last of each key, with what an earlier batch that is still under way will have written. */
export interface RawBatch {
  readonly puts: readonly Put[]
  readonly deletes: readonly Delete[]
  readonly letters: readonly DeadLetterWrite[]
  readonly underWay: ReadonlyMap<string, string | undefined>
}

export interface PreparedBatch extends Paid {
  readonly puts: readonly RecordWrite[]
  readonly deletes: readonly Delete[]
  readonly letters: readonly DeadLetterWrite[]
  readonly unchanged: number
}

/** Maps, chunks and embeds what has really changed. What can't be processed becomes a dead letter; the rest goes on. */
export async function prepareBatch(
  context: PipelineContext,
  job: SourceJob,
  sourceId: number,
  raw: RawBatch,
  signal: AbortSignal,
): Promise<PreparedBatch> {
  const changed = await dropUnchanged(context, job, sourceId, raw)
  const letters = [...raw.letters]
  const mapped: MappedPut[] = []
  for (const put of changed) {
    try {
      mapped.push(mapChange(put, job.config, context.chunking, context.embedder.dimensions))
    } catch (error) {
      // A wrong template or column is the operator's to mend, once; only what is wrong with this item is set aside.
      if (error instanceof AquiferError && error.kind === 'config') throw error
      letters.push(letterOf(put, 'map', error))
    }
  }
  const embedded = await embedChunks(
    context,
    mapped.flatMap(({ chunks }) => chunks),
    signal,
  )
  const unhashed = job.config.mapping.vector === undefined ? {} : { unhashed: true }
  const puts = mapped.map(({ put, given, chunks, ...record }): RecordWrite => {
    const written = chunks.map(({ header, text }): ChunkWrite => {
      const hash = contentHash(header, text)
      const vector = given ?? embedded.vectors.get(hash)
      return vector instanceof Float32Array ? { header, text, hash, vector, ...unhashed } : { header, text, hash }
    })
    const failed = chunks
      .map(({ header, text }) => embedded.vectors.get(contentHash(header, text)))
      .find((v) => v instanceof Error)
    if (failed !== undefined && given === undefined) letters.push(letterOf(put, 'embed', failed))
    // Marked, so that the next read of the item tries again.
    const digest = failed === undefined ? put.digest : `!${put.digest}`
    return {
      ...record,
      key: put.key,
      digest,
      position: put.position,
      modifiedAt: put.modifiedAt ?? record.modifiedAt,
      chunks: written,
      ...(given === undefined ? {} : { given: true as const }),
    }
  })
  return {
    puts,
    deletes: raw.deletes,
    letters,
    unchanged: raw.puts.length - changed.length,
    embeddings: embedded.embeddings,
    usage: embedded.usage,
  }
}

async function dropUnchanged(
  { ledger }: PipelineContext,
  job: SourceJob,
  sourceId: number,
  { puts, underWay }: RawBatch,
): Promise<readonly Put[]> {
  if (puts.length === 0) return []
  const known = new Map(
    (await ledger.known({ sourceId, keys: puts.map(({ key }) => key) })).map((record) => [record.key, record]),
  )
  return puts.filter(({ key, digest }) => {
    if (underWay.has(key)) return underWay.get(key) !== digest
    const record = known.get(key)
    return record === undefined || record.digest !== digest || record.mapping !== job.mappingDigest
  })
}

function letterOf(put: Put, stage: DeadLetterWrite['stage'], error: unknown): DeadLetterWrite {
  const known =
    error instanceof AquiferError ? error : new AquiferError('RECORD_INVALID', 'The item could not be processed.')
  return { key: put.key, stage, position: put.position, error: toErrorView(known) }
}
