import type { Queryable } from '../../../core/db.ts'
import type { Batch, CommitResult, RecordWrite } from '../../../core/ledger-sync.ts'
import { requireGeneration, type LedgerContext } from '../context.ts'
import { fenced } from './claims.ts'
import { dropRecords, writeChunks } from './chunk-writes.ts'
import { writeDeadLetters } from './dead-letters.ts'
import { addUsage, saveEmbeddings } from './embeddings.ts'
import { dropGraphForLoad } from './vector-index.ts'
import { insertRecords, tombstoneRecords, updateRecords, type KnownRow } from './record-writes.ts'

interface SourceRow {
  epoch: number
  feed: number
  last_batch: string | null
  last_result: CommitResult | null
}

/**
 * One batch in one transaction. The source's row is locked first: that serialises the source's writers, so feed numbers
 * become visible in their order and the feed has no holes. A batch that comes again answers what it answered before.
 */
export function commit(context: LedgerContext): (batch: Batch) => Promise<CommitResult> {
  return async (batch) => {
    const start = performance.now()
    return context.db.transaction(async (tx) => {
      const [source] = await tx.query<SourceRow>(
        `select epoch, feed, last_batch, last_result from source where id = $1 for update`,
        [batch.sourceId],
      )
      if (source === undefined || source.epoch !== batch.epoch) throw fenced()
      if (source.last_batch === batch.id && source.last_result !== null) return source.last_result
      const generation = await requireGeneration(tx)
      const known = await knownRows(tx, batch)
      let feed = source.feed
      const puts = batch.puts.map((put) => ({ put, row: known.get(put.key), feed: ++feed }))
      const deletes = batch.deletes.flatMap(({ key, position }) => {
        const row = known.get(key)
        return row === undefined || row.deleted ? [] : [{ row, position, feed: ++feed }]
      })
      const ids = await insertRecords(tx, batch, puts.filter(isNew))
      await updateRecords(tx, batch, puts.filter(isKnown))
      const dropped = await dropRecords(
        tx,
        generation.id,
        deletes.map(({ row }) => row.id),
      )
      await tombstoneRecords(tx, batch.mapping, deletes)
      const added = await writeChunks(
        tx,
        context,
        generation.id,
        batch.language,
        puts.map(({ put, row }) => ({
          recordId: row?.id ?? ids.get(put.key) ?? 0,
          fresh: row === undefined,
          chunks: put.chunks,
        })),
      )
      await saveEmbeddings(tx, context, generation.model, batch.embeddings)
      await addUsage(tx, generation.model, batch.usage)
      await writeDeadLetters(tx, batch)
      await noteAhead(tx, batch)
      const result: CommitResult = { written: puts.length, deleted: deletes.length, feed, tookMs: 0 }
      const born = puts.filter(({ row }) => row === undefined || row.deleted).length
      if (batch.loading && context.db.kind === 'postgres') await dropGraphForLoad(tx, generation.id, batch.sourceId)
      await finish(tx, batch, result, { records: born - deletes.length, chunks: added - dropped })
      return { ...result, tookMs: performance.now() - start }
    })
  }
}

const isNew = <P extends { readonly row: KnownRow | undefined }>(entry: P): boolean => entry.row === undefined
const isKnown = <P extends { readonly row: KnownRow | undefined }>(entry: P): entry is P & { readonly row: KnownRow } =>
  entry.row !== undefined

async function knownRows(tx: Queryable, batch: Batch): Promise<Map<string, KnownRow>> {
  const keys = [...batch.puts.map((put: RecordWrite) => put.key), ...batch.deletes.map(({ key }) => key)]
  if (keys.length === 0) return new Map()
  const rows = await tx.query<KnownRow>(
    `select id, key, deleted from record where source_id = $1 and key = any($2::text[])`,
    [batch.sourceId, keys],
  )
  return new Map(rows.map((row) => [row.key, row]))
}

async function noteAhead(tx: Queryable, { sourceId, ahead, caughtUp = [], puts, deletes }: Batch): Promise<void> {
  const written = [...puts, ...deletes]
  if (ahead === true && written.length > 0) {
    await tx.query(
      `insert into ahead (source_id, key, position) select $1, * from unnest($2::text[], $3::text[])
       on conflict (source_id, key) do update set position = excluded.position`,
      [sourceId, written.map(({ key }) => key), written.map(({ position }) => position)],
    )
  }
  if (caughtUp.length > 0)
    await tx.query(`delete from ahead where source_id = $1 and key = any($2::text[])`, [sourceId, caughtUp])
}

async function finish(
  tx: Queryable,
  batch: Batch,
  result: CommitResult,
  grown: { records: number; chunks: number },
): Promise<void> {
  await tx.query(
    `update source set feed = $2, last_batch = $3, last_result = $4, records = records + $5, chunks = chunks + $6, language = $7
     where id = $1`,
    [batch.sourceId, result.feed, batch.id, JSON.stringify(result), grown.records, grown.chunks, batch.language],
  )
  if (batch.checkpoint === undefined) return
  const { cursor, position, asOf, deletes } = batch.checkpoint
  // Projections that had reached the position of before are known to have, now that it moves on.
  await tx.query(
    `with reached as (update projection p set position = s.position from source s
       where s.id = $1 and $3::text is not null and p.source_id = s.id and s.feed > s.position_feed and p.feed >= s.position_feed)
     update source set cursor = $2, position = coalesce($3, position), as_of = coalesce($4::timestamptz, as_of),
       compared_at = case when $5 = 'seen' then coalesce($4::timestamptz, compared_at) else compared_at end,
       deletes_due = deletes_due or $5 = 'due',
       position_feed = case when $3::text is null then position_feed else feed end where id = $1`,
    [batch.sourceId, JSON.stringify(cursor), position ?? null, asOf ?? null, deletes ?? ''],
  )
}
