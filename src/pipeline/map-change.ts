import type { SourceConfig } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import type { RecordWrite } from '../core/ledger-sync.ts'
import { maxChunks } from '../core/chunk-address.ts'
import { chunkText } from './chunk/chunk-text.ts'
import type { ChunkText } from './embed-chunks.ts'
import { mapDocument } from './map/map-document.ts'
import { mapRow } from './map/map-row.ts'
import { parseDocument } from './parse/parse-document.ts'
import type { PipelineContext } from './pipeline.ts'
import type { Put } from './prepare-batch.ts'

export interface MappedPut extends Omit<RecordWrite, 'key' | 'digest' | 'position' | 'chunks'> {
  readonly put: Put
  readonly chunks: readonly ChunkText[]
  /** The vector that came with the row, for its one chunk. */
  readonly given: Float32Array | undefined
}
