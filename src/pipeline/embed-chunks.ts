import { createHash } from 'node:crypto'
import type { PipelineContext } from './pipeline.ts'

/** New vectors and what they cost. */
export interface Paid {
  readonly embeddings: readonly { readonly hash: string; readonly vector: Float32Array }[]
  readonly usage: { readonly tokens: number; readonly cost: number }
}

export interface ChunkText {
  readonly header: string
  readonly text: string
  /** The vector came with the row. */
  readonly given?: boolean
}

/** What is embedded and matched: header and text. */
export function embeddedText({ header, text }: ChunkText): string {
  return header === '' ? text : `${header}\n${text}`
}

export function contentHash(header: string, text: string): string {
  return createHash('sha256').update(embeddedText({ header, text })).digest('hex')
}

/** Vectors of these chunks that were paid for before, by content hash. */
export async function knownVectors(
  { ledger, embedder }: PipelineContext,
  chunks: readonly ChunkText[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const hashes = [...textsOf(chunks).keys()]
  if (hashes.length === 0) return new Map()
  const found = await ledger.knownEmbeddings({ hashes, model: embedder.model })
  return new Map(found.map(({ hash, vector }) => [hash, vector]))
}

/** Vectors of these chunks by content hash: those known, the rest from the model. Equal texts are paid for once. */
export async function embedChunks(
  { embedder }: PipelineContext,
  chunks: readonly ChunkText[],
  { known, signal }: { readonly known: ReadonlyMap<string, Float32Array>; readonly signal: AbortSignal },
): Promise<Paid & { readonly vectors: ReadonlyMap<string, Float32Array | Error> }> {
  const vectors = new Map<string, Float32Array | Error>(known)
  const missing = [...textsOf(chunks)].filter(([hash]) => !vectors.has(hash))
  if (missing.length === 0) return { vectors, embeddings: [], usage: { tokens: 0, cost: 0 } }
  const answer = await embedder.embed(
    missing.map(([, text]) => text),
    { as: 'passage', signal },
  )
  const embeddings: { hash: string; vector: Float32Array }[] = []
  for (const [index, [hash]] of missing.entries()) {
    const vector = answer.vectors[index]
    if (vector === undefined) continue
    vectors.set(hash, vector)
    if (vector instanceof Float32Array) embeddings.push({ hash, vector })
  }
  return { vectors, embeddings, usage: { tokens: answer.tokens, cost: answer.cost } }
}

/** What is to be embedded, by content hash. */
function textsOf(chunks: readonly ChunkText[]): ReadonlyMap<string, string> {
  return new Map(
    chunks
      .filter(({ given }) => given !== true)
      .map((chunk) => [contentHash(chunk.header, chunk.text), embeddedText(chunk)]),
  )
}
