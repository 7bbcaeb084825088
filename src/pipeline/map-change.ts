import { maxChunks } from '../core/chunk-address.ts'
import type { SourceConfig } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import type { RecordWrite } from '../core/ledger-sync.ts'
import { chunkText } from './chunk/chunk-text.ts'
import type { ChunkText } from './embed-chunks.ts'
import { mapDocument } from './map/map-document.ts'
import { mapRow } from './map/map-row.ts'
import type { Mapped } from './map/mapped.ts'
import { parseDocument } from './parse/parse-document.ts'
import type { PipelineContext } from './pipeline.ts'
import type { Change } from '../../schemas/record.ts'

export type Put = Extract<Change, { kind: 'put' }>

export interface MappedPut extends Omit<RecordWrite, 'key' | 'digest' | 'position' | 'chunks' | 'given'> {
  readonly put: Put
  readonly chunks: readonly ChunkText[]
  /** The vector that came with the row, for its one chunk. */
  readonly given: Float32Array | undefined
}

/** What a put becomes, but for its passages. */
export function mapPut(put: Put, { mapping, name }: SourceConfig, dimensions: number): Omit<MappedPut, 'chunks'> {
  const { vector, ...record } = mapContent(put, mapping)
  if (vector !== undefined && vector.length !== dimensions) {
    throw new AquiferError(
      'EMBEDDING_DIMENSIONS',
      `The column ${mapping.vector ?? ''} of ${name} holds vectors of ${String(vector.length)} dimensions; the model has ${String(dimensions)}.`,
    )
  }
  return { ...record, modifiedAt: put.modifiedAt, put, given: vector }
}

/** The record with its passages: one, where the row brought a vector. */
export function chunkMapped(record: Omit<MappedPut, 'chunks'>, chunking: PipelineContext['chunking']): MappedPut {
  const { title, text, given } = record
  const chunks = given === undefined ? chunkText({ ...record, ...chunking }) : [{ header: title, text, given: true }]
  if (chunks.length > maxChunks) {
    throw new AquiferError(
      'RECORD_TOO_LARGE',
      `The item comes apart into ${chunks.length.toLocaleString('en-US')} passages.`,
    )
  }
  return { ...record, chunks }
}

function mapContent({ content, key }: Put, mapping: SourceConfig['mapping']): Mapped {
  if (content.kind === 'row') return mapRow(content.row, mapping, key, content.sparse)
  return mapDocument(parseDocument(content.document), mapping)
}
