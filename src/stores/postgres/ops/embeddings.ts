import type { Queryable } from '../../../core/db.ts'
import type { LedgerSync } from '../../../core/ledger-sync.ts'
import { requireGeneration, vectorText, type LedgerContext } from '../context.ts'

/** The cache of vectors already paid for, by model and content hash. */
export function knownEmbeddings({ db }: LedgerContext): LedgerSync['knownEmbeddings'] {
  return async ({ hashes, model }) => {
    if (hashes.length === 0) return []
    const name = model ?? (await requireGeneration(db)).model
    const rows = await db.query<{ hash: string; v: string }>(
      `select hash, v::text as v from embedding where model = $1 and hash = any($2::text[])`,
      [name, hashes],
    )
    return rows.map(({ hash, v }) => ({ hash, vector: parseVector(v) }))
  }
}

export async function saveEmbeddings(
  tx: Queryable,
  { vectorType }: LedgerContext,
  model: string,
  embeddings: readonly { readonly hash: string; readonly vector: Float32Array }[],
): Promise<void> {
  if (embeddings.length === 0) return
  await tx.query(
    `insert into embedding (model, hash, v) select $1, x.hash, x.v::${vectorType}
     from unnest($2::text[], $3::text[]) as x(hash, v) on conflict do nothing`,
    [model, embeddings.map(({ hash }) => hash), embeddings.map(({ vector }) => vectorText(vector))],
  )
}

export async function addUsage(
  tx: Queryable,
  model: string,
  usage: { readonly tokens: number; readonly cost: number },
): Promise<void> {
  if (usage.tokens === 0) return
  await tx.query(
    `insert into usage (day, model, tokens, cost) values (current_date, $1, $2, $3)
     on conflict (day, model) do update set tokens = usage.tokens + excluded.tokens, cost = usage.cost + excluded.cost`,
    [model, Math.round(usage.tokens), usage.cost],
  )
}

function parseVector(text: string): Float32Array {
  // pgvector prints `[1,2,3]`, which is JSON.
  return Float32Array.from(JSON.parse(text) as number[])
}
