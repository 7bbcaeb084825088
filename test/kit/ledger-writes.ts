import { createHash } from 'node:crypto'
import type { Batch, ChunkWrite, RecordWrite } from '../../src/core/ledger-sync.ts'
import type { Claim } from '../../src/core/ledger-sync.ts'
import type { Ledger } from '../../src/core/ledger.ts'

export const testSettings = { model: 'test/4', dimensions: 4, chunker: 'test' }
export const testHolder = { host: 'here', pid: 1, run: 'a' }

/** A unit vector near one of four axes: `axis(0)` is nearest to itself, then to `axis(0, 0.1)`. */
export function axis(index: number, tilt = 0): Float32Array {
  const vector = new Float32Array(4)
  vector[index] = Math.sqrt(1 - tilt * tilt)
  vector[(index + 1) % 4] = tilt
  return vector
}

export function chunkOf(text: string, vector?: Float32Array): ChunkWrite {
  const hash = createHash('sha256').update(text).digest('hex')
  return vector === undefined ? { header: 'Head', text, hash } : { header: 'Head', text, hash, vector }
}

export function recordOf(key: string, chunks: readonly ChunkWrite[], more: Partial<RecordWrite> = {}): RecordWrite {
  return {
    key,
    digest: `digest of ${chunks.map(({ text }) => text).join(' ')}`,
    position: '1',
    title: `Title of ${key}`,
    text: chunks.map(({ text }) => text).join('\n'),
    mediaType: 'text/plain',
    url: `https://example.com/${key}`,
    fields: {},
    facets: [],
    acl: ['*'],
    modifiedAt: undefined,
    chunks,
    ...more,
  }
}

let batches = 0

export function batchOf(claim: Claim, more: Partial<Batch>): Batch {
  return {
    sourceId: claim.sourceId,
    epoch: claim.epoch,
    id: `batch ${String(++batches)}`,
    mapping: 'm1',
    language: 'english',
    loading: false,
    puts: [],
    deletes: [],
    deadLetters: [],
    embeddings: [],
    usage: { tokens: 0, cost: 0 },
    ...more,
  }
}

export async function claimOf(ledger: Ledger, source = 'docs', language = 'english'): Promise<Claim> {
  return ledger.claim({ source, type: 'test', language, holder: testHolder, leaseMs: 60_000, dead: undefined })
}

export const everything = { readable: undefined, sources: undefined, facets: [] }
