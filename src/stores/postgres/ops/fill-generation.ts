import type { Queryable } from '../../../core/db.ts'
import type { FillGeneration, LedgerGenerations } from '../../../core/ledger-generations.ts'
import { ofRecord, requireGeneration, tablesOf, type LedgerContext } from '../context.ts'
import { dropRecords, writeChunks } from './chunk-writes.ts'
import { addUsage, saveEmbeddings } from './embeddings.ts'
import { hasGraph } from './vector-index.ts'

/** One page of a source's feed into a generation that does not answer. The source's row is locked first, as in a commit. */
export function fillGeneration(context: LedgerContext): LedgerGenerations['fillGeneration'] {
  return (page) =>
    context.db.transaction(async (tx) => {
      const { generation, sourceId, from, upTo, records, embeddings, usage } = page
      await tx.query(`select 1 from source where id = $1 for update`, [sourceId])
      const [target] = await tx.query<{ model: string; feed: number }>(
        `select g.model, coalesce(f.feed, 0) as feed from generation g
         left join generation_feed f on f.generation = g.id and f.source_id = $2
         where g.id = $1 and g.state <> 'active' for update of g`,
        [generation, sourceId],
      )
      if (target === undefined || target.feed !== from) return { filled: false }
      let grown = -(await dropRecords(tx, generation, [...page.gone, ...page.copied]))
      grown += await writeChunks(
        tx,
        context,
        generation,
        page.language,
        records.map((record) => ({ ...record, fresh: false })),
      )
      grown += await copyRecords(tx, page)
      await saveEmbeddings(tx, context, target.model, embeddings)
      await addUsage(tx, target.model, usage)
      await tx.query(
        `with told as (update generation set embedded_tokens = embedded_tokens + $5, embedding_ms = embedding_ms + $6 where id = $1)
         insert into generation_feed as f (generation, source_id, feed, chunks) values ($1, $2, $3, $4)
         on conflict (generation, source_id) do update set feed = excluded.feed, chunks = f.chunks + excluded.chunks`,
        [generation, sourceId, upTo, grown, Math.round(usage.tokens), Math.round(page.embeddingMs)],
      )
      return { filled: true }
    })
}

/** Passages and vectors as the active generation has them; what is deleted by now has none. */
async function copyRecords(tx: Queryable, { generation, copied, language }: FillGeneration): Promise<number> {
  if (copied.length === 0) return 0
  const from = tablesOf((await requireGeneration(tx)).id)
  const to = tablesOf(generation)
  const rows = await tx.query(
    `insert into ${to.chunk} (id, ordinal, language, hash, header, text)
     select c.id, c.ordinal, $2, c.hash, c.header, c.text
     from unnest($1::bigint[]) as r(id) cross join lateral ${ofRecord(from.chunk)} c returning id`,
    [copied, language],
  )
  await tx.query(
    `insert into ${(await hasGraph(tx, generation)) ? to.fresh : to.vector} (id, v)
     select v.id, v.v from unnest($1::bigint[]) as r(id) cross join lateral ${ofRecord(from.vectors)} v`,
    [copied],
  )
  return rows.length
}
