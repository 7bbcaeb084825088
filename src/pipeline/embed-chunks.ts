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

/** Vectors of these chunks by content hash: from the ledger's cache, the rest from the model. Equal texts are paid for once. */
export async function embedChunks(
  { ledger, embedder }: PipelineContext,
  chunks: readonly ChunkText[],
  signal: AbortSignal,
): Promise<Paid & { readonly vectors: ReadonlyMap<string, Float32Array | Error> }> {
  const texts = new Map(
    chunks
      .filter(({ given }) => given !== true)
      .map((chunk) => [contentHash(chunk.header, chunk.text), embeddedText(chunk)]),
  )
  const vectors = new Map<string, Float32Array | Error>()
  if (texts.size === 0) return { vectors, embeddings: [], usage: { tokens: 0, cost: 0 } }
  for (const { hash, vector } of await ledger.knownEmbeddings({ hashes: [...texts.keys()], model: embedder.model })) {
    vectors.set(hash, vector)
  }
  const missing = [...texts].filter(([hash]) => !vectors.has(hash))
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
