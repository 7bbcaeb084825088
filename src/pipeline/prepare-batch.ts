import type { Change } from '../../schemas/record.ts'
import { AquiferError } from '../core/errors.ts'
import type { ChunkWrite, DeadLetterWrite, RecordWrite } from '../core/ledger-sync.ts'
import { contentHash, embedChunks, knownVectors, type Paid } from './embed-chunks.ts'
import { chunkMapped, mapPut, type MappedPut, type Put } from './map-change.ts'
import type { PipelineContext } from './pipeline.ts'
import { failedLetter } from './set-aside.ts'
import type { SourceJob } from './source-job.ts'

export type Delete = Extract<Change, { kind: 'delete' }>

/** Changes of one source, the last of each key, with what an earlier batch that is still under way will have written. */
export interface RawBatch {
  readonly puts: readonly Put[]
  readonly deletes: readonly Delete[]
  readonly letters: readonly DeadLetterWrite[]
  readonly underWay: ReadonlyMap<string, string | undefined>
}

/** A batch before anything is paid for. */
export interface MappedBatch {
  /** Puts whose vectors are all at hand, of records that readers see now: who may read them, and what they say. */
  readonly urgent: readonly RecordWrite[]
  readonly deletes: readonly Delete[]
  /** All other puts that really change something. */
  readonly others: readonly MappedPut[]
  readonly letters: readonly DeadLetterWrite[]
  readonly unchanged: number
  /** Keys that the ledger holds as they were read. */
  readonly confirmed: readonly string[]
  readonly vectors: ReadonlyMap<string, Float32Array>
  /** Nothing has to be asked of the model. */
  readonly isPaid: boolean
}

/** What is left of a batch once everything was embedded. */
export interface EmbeddedBatch extends Paid {
  readonly puts: readonly RecordWrite[]
  readonly letters: readonly DeadLetterWrite[]
}

/** Maps and chunks what has really changed. What can't be processed becomes a dead letter; the rest goes on. */
export async function mapBatch(
  context: PipelineContext,
  job: SourceJob,
  sourceId: number,
  raw: RawBatch,
): Promise<MappedBatch> {
  const { changed, live, confirmed } = await dropUnchanged(context, job, sourceId, raw)
  const letters = [...raw.letters]
  const mapped: MappedPut[] = []
  for (const put of changed) {
    let stage: 'map' | 'chunk' = 'map'
    try {
      const record = mapPut(put, job.config, context.embedder.dimensions)
      stage = 'chunk'
      mapped.push(chunkMapped(record, context.chunking))
    } catch (error) {
      // A wrong template or column is the operator's to mend, once; only what is wrong with this item is set aside.
      if (error instanceof AquiferError && error.kind === 'config') throw error
      letters.push(failedLetter(put, stage, error))
    }
  }
  const vectors = await knownVectors(
    context,
    mapped.flatMap(({ chunks }) => chunks),
  )
  const isReady = ({ given, chunks }: MappedPut): boolean =>
    given !== undefined || chunks.every(({ header, text }) => vectors.has(contentHash(header, text)))
  const isUrgent = (record: MappedPut): boolean => live.has(record.put.key) && isReady(record)
  return {
    urgent: mapped.filter(isUrgent).map((record) => toWrite(job, record, vectors)),
    deletes: raw.deletes,
    others: mapped.filter((record) => !isUrgent(record)),
    letters,
    unchanged: raw.puts.length - changed.length,
    confirmed,
    vectors,
    isPaid: mapped.every(isReady),
  }
}

/** Embeds what the batch lacks. A text that the model refuses becomes a dead letter and stays findable by its words. */
export async function embedBatch(
  context: PipelineContext,
  job: SourceJob,
  { others, vectors }: Pick<MappedBatch, 'others' | 'vectors'>,
  signal: AbortSignal,
): Promise<EmbeddedBatch> {
  const embedded = await embedChunks(
    context,
    others.flatMap(({ chunks }) => chunks),
    { known: vectors, signal },
  )
  const letters: DeadLetterWrite[] = []
  const puts = others.map((record): RecordWrite => {
    const failed = record.chunks
      .map(({ header, text }) => embedded.vectors.get(contentHash(header, text)))
      .find((vector) => vector instanceof Error)
    const write = toWrite(job, record, embedded.vectors)
    if (failed === undefined || record.given !== undefined) return write
    letters.push(failedLetter(record.put, 'embed', failed))
    // Marked, so that the next read of the item tries again.
    return { ...write, digest: `!${record.put.digest}` }
  })
  return { puts, letters, embeddings: embedded.embeddings, usage: embedded.usage }
}

function toWrite(
  job: SourceJob,
  { put, given, chunks, ...record }: MappedPut,
  vectors: ReadonlyMap<string, Float32Array | Error>,
): RecordWrite {
  const unhashed = job.config.mapping.vector === undefined ? {} : { unhashed: true }
  return {
    ...record,
    key: put.key,
    digest: put.digest,
    position: put.position,
    modifiedAt: put.modifiedAt ?? record.modifiedAt,
    chunks: chunks.map(({ header, text }): ChunkWrite => {
      const hash = contentHash(header, text)
      const vector = given ?? vectors.get(hash)
      return vector instanceof Float32Array ? { header, text, hash, vector, ...unhashed } : { header, text, hash }
    }),
    ...(given === undefined ? {} : { given: true as const }),
  }
}

async function dropUnchanged(
  { ledger }: PipelineContext,
  job: SourceJob,
  sourceId: number,
  { puts, underWay }: RawBatch,
): Promise<{
  readonly changed: readonly Put[]
  readonly live: ReadonlySet<string>
  readonly confirmed: readonly string[]
}> {
  if (puts.length === 0) return { changed: [], live: new Set(), confirmed: [] }
  const known = new Map(
    (await ledger.known({ sourceId, keys: puts.map(({ key }) => key) })).map((record) => [record.key, record]),
  )
  const isHeld = ({ key, digest }: Put): boolean => {
    const record = known.get(key)
    return record !== undefined && record.digest === digest && record.mapping === job.mappingDigest
  }
  return {
    changed: puts.filter((put) => (underWay.has(put.key) ? underWay.get(put.key) !== put.digest : !isHeld(put))),
    live: new Set([...known.values()].filter(({ digest }) => digest !== undefined).map(({ key }) => key)),
    // What is under way may yet be set aside.
    confirmed: puts.filter((put) => !underWay.has(put.key) && isHeld(put)).map(({ key }) => key),
  }
}
