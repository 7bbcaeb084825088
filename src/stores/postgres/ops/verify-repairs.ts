import { maxChunks } from '../../../core/chunk-address.ts'
import type { Queryable } from '../../../core/db.ts'
import type { LedgerVerify } from '../../../core/ledger-verify.ts'
import { ofRecord, tablesOf, type LedgerContext } from '../context.ts'
import { writeChunks } from './chunk-writes.ts'
import { addUsage, saveEmbeddings } from './embeddings.ts'

type Repairs = Pick<
  LedgerVerify,
  'mendRecords' | 'removeStrays' | 'raiseFeed' | 'distrust' | 'requestFullRead' | 'recount' | 'noteVerified'
>

interface LockedSource {
  readonly feed: number
  readonly language: string
}

/** Mends what was found. The source's row is locked first, as a commit does: no claim is needed to write what is already known. */
export function verifyRepairs(context: LedgerContext): Repairs {
  const { db } = context
  return {
    mendRecords: ({ generation, sourceId, records, embeddings, usage }) =>
      db.transaction(async (tx) => {
        const source = await lockSource(tx, sourceId)
        if (source === undefined) return { mended: 0 }
        const rows = await tx.query<{ id: number }>(
          `select r.id from record r join unnest($2::bigint[], $3::bigint[]) as x(id, version) on r.id = x.id
           where r.source_id = $1 and not r.deleted and r.version = x.version`,
          [sourceId, records.map(({ recordId }) => recordId), records.map(({ version }) => version)],
        )
        const unchanged = new Set(rows.map(({ id }) => id))
        const mends = records.filter(({ recordId }) => unchanged.has(recordId))
        await dropRows(tx, generation, {
          chunks: mends.flatMap(({ dropChunks }) => dropChunks),
          vectors: mends.flatMap(({ dropVectors }) => dropVectors),
        })
        await dropBareVectors(
          tx,
          generation,
          mends.map(({ recordId }) => recordId),
        )
        await writeChunks(
          tx,
          context,
          generation,
          source.language,
          mends.flatMap(({ recordId, chunks }) => (chunks === undefined ? [] : [{ recordId, fresh: false, chunks }])),
        )
        const { model } = await modelOf(tx, generation)
        await saveEmbeddings(tx, context, model, embeddings)
        await addUsage(tx, model, usage)
        const doubted = mends.filter(({ distrust }) => distrust).map(({ recordId }) => recordId)
        await tx.query(
          `update record set digest = '!' || digest where id = any($1::bigint[]) and digest not like '!%'`,
          [doubted],
        )
        await giveFeed(
          tx,
          sourceId,
          mends.map(({ recordId }) => recordId),
          source.feed,
        )
        return { mended: mends.length }
      }),
    removeStrays: ({ generation, chunks, vectors }) =>
      db.transaction(async (tx) => {
        const { chunk, vector, fresh } = tablesOf(generation)
        const gone = await tx.query<{ id: number }>(
          `delete from ${chunk} t where t.id = any($1::bigint[])
             and not exists (select 1 from record r where r.id = t.id / ${String(maxChunks)} and not r.deleted) returning t.id`,
          [chunks],
        )
        // Their vectors are strays from now on.
        const ids = [...vectors, ...gone.map(({ id }) => id)]
        let removed = gone.length
        for (const table of [fresh, vector]) {
          const rows = await tx.query(
            `delete from ${table} t where t.id = any($1::bigint[]) and not exists (select 1 from ${chunk} c where c.id = t.id)
             returning t.id`,
            [ids],
          )
          removed += rows.length
        }
        return { removed }
      }),
    raiseFeed: ({ sourceId, recordIds, above }) =>
      db.transaction(async (tx) => {
        const source = await lockSource(tx, sourceId)
        if (source !== undefined) await giveFeed(tx, sourceId, recordIds, Math.max(source.feed, above))
      }),
    distrust: async ({ sourceId, keys }) => {
      await db.query(
        `update record set digest = '!' || digest where source_id = $1 and key = any($2::text[]) and digest not like '!%'`,
        [sourceId, keys],
      )
    },
    requestFullRead: async ({ sourceId }) => {
      await db.query(
        `update source set epoch = epoch + 1, holder = null, lease_until = null, cursor = null, deletes_due = true where id = $1`,
        [sourceId],
      )
    },
    recount: ({ generation, sourceId }) =>
      db.transaction(async (tx) => {
        await lockSource(tx, sourceId)
        // The counts are of what answers; another generation may have taken over since.
        await tx.query(
          `update source set
             records = (select count(*) from record where source_id = $1 and not deleted),
             chunks = (select count(*) from ${tablesOf(generation).chunk} c
               join record r on r.id = c.id / ${String(maxChunks)} where r.source_id = $1)
           where id = $1 and exists (select 1 from generation where id = $2 and state = 'active')`,
          [sourceId, generation],
        )
      }),
    noteVerified: async ({ sourceId, note }) => {
      await db.query(`update source set verified = $2 where id = $1`, [sourceId, JSON.stringify(note)])
    },
  }
}

async function lockSource(tx: Queryable, sourceId: number): Promise<LockedSource | undefined> {
  const [row] = await tx.query<LockedSource>(`select feed, language from source where id = $1 for update`, [sourceId])
  return row
}

async function modelOf(tx: Queryable, generation: number): Promise<{ readonly model: string }> {
  const [row] = await tx.query<{ model: string }>(`select model from generation where id = $1`, [generation])
  return row ?? { model: '' }
}

async function dropRows(
  tx: Queryable,
  generation: number,
  { chunks, vectors }: { readonly chunks: readonly number[]; readonly vectors: readonly number[] },
): Promise<void> {
  const { chunk, vector, fresh } = tablesOf(generation)
  if (chunks.length > 0) await tx.query(`delete from ${chunk} where id = any($1::bigint[])`, [chunks])
  const ids = [...chunks, ...vectors]
  if (ids.length === 0) return
  for (const table of [fresh, vector]) await tx.query(`delete from ${table} where id = any($1::bigint[])`, [ids])
}

/** A passage that is written takes the first free place, where a vector may have been left. */
async function dropBareVectors(tx: Queryable, generation: number, recordIds: readonly number[]): Promise<void> {
  const { chunk, vector, fresh } = tablesOf(generation)
  for (const table of [fresh, vector]) {
    await tx.query(
      `delete from ${table} t
       where t.id = any(array(select v.id from unnest($1::bigint[]) as r(id) cross join lateral ${ofRecord(table)} v))
         and not exists (select 1 from ${chunk} c where c.id = t.id)`,
      [recordIds],
    )
  }
}

/** The next numbers of the feed after `from`, which may leave a gap: readers ask for what is above a number. */
async function giveFeed(tx: Queryable, sourceId: number, recordIds: readonly number[], from: number): Promise<void> {
  const rows = await tx.query(
    `update record r set feed = $3 + x.n from unnest($2::bigint[]) with ordinality as x(id, n)
     where r.id = x.id and r.source_id = $1 returning r.id`,
    [sourceId, recordIds, from],
  )
  await tx.query(`update source set feed = $2 where id = $1`, [
    sourceId,
    from + (rows.length === 0 ? 0 : recordIds.length),
  ])
}
