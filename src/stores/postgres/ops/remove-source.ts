import type { Db, Queryable } from '../../../core/db.ts'
import type { LedgerSync } from '../../../core/ledger-sync.ts'
import { requireGeneration, type LedgerContext } from '../context.ts'
import { dropRecords } from './chunk-writes.ts'

const batch = 500

/** Tombstones a source's records in small transactions, so that projections drop them too; the source's row goes last. */
export function removeSource({ db }: LedgerContext): Pick<LedgerSync, 'removeSource' | 'forgetSource'> {
  return {
    removeSource: async ({ source }) => {
      const rows = await db.query<{ id: number; edition: string }>(
        `select id, edition from source where name = $1 order by edition <> 'active', id`,
        [source],
      )
      await db.transaction((tx) =>
        markDropped(
          tx,
          rows.map(({ id }) => id),
        ),
      )
      let records = 0
      for (const { id, edition } of rows) {
        const gone = await tombstoneAll(db, id)
        if (edition === 'active') records += gone
      }
      return { records }
    },
    forgetSource: ({ source }) =>
      db.transaction(async (tx) => {
        const rows = await tx.query<{ id: number }>(`select id from source where name = $1 order by id for update`, [
          source,
        ])
        await forgetRows(
          tx,
          rows.map(({ id }) => id),
        )
      }),
  }
}

/** Editions that do not answer are not wanted any more, and whoever writes one of them is fenced. */
export async function markDropped(tx: Queryable, ids: readonly number[]): Promise<void> {
  await tx.query(
    `update source set edition = 'dropped', epoch = epoch + 1, holder = null, lease_until = null
     where id = any($1::int[]) and edition in ('building', 'kept')`,
    [ids],
  )
}

/** Every live record of one edition becomes a tombstone; whoever writes it is fenced. */
export async function tombstoneAll(db: Db, sourceId: number): Promise<number> {
  let records = 0
  for (;;) {
    const gone = await db.transaction(async (tx) => {
      const [row] = await tx.query<{ feed: number }>(
        `update source set epoch = epoch + 1, cursor = null, mapping = null where id = $1 returning feed`,
        [sourceId],
      )
      if (row === undefined) return 0
      const { id: generation } = await requireGeneration(tx)
      const ids = await tx.query<{ id: number }>(
        `select id from record where source_id = $1 and not deleted order by id limit ${String(batch)}`,
        [sourceId],
      )
      if (ids.length === 0) return 0
      const list = ids.map(({ id }) => id)
      const chunks = await dropRecords(tx, generation, list)
      await tx.query(
        `update record r set deleted = true, feed = $2 + x.n, digest = null, title = '', text = '', url = '', fields = '{}',
           facets = '{}', acl = '{}', modified_at = null, content = ''
         from unnest($1::bigint[]) with ordinality as x(id, n) where r.id = x.id`,
        [list, row.feed],
      )
      await tx.query(`update source set feed = feed + $2, records = records - $2, chunks = chunks - $3 where id = $1`, [
        sourceId,
        list.length,
        chunks,
      ])
      return list.length
    })
    records += gone
    if (gone < batch) return records
  }
}

/** Drops rows of sources and whatever is left of them. */
export async function forgetRows(tx: Queryable, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  // A generation beside the active one learns from the tombstones what it must not bring back.
  const beside = await tx.query(`select 1 from generation where state <> 'active' limit 1`)
  if (beside.length > 0) return
  await tx.query(`delete from source where id = any($1::int[])`, [ids])
  for (const table of ['record', 'dead_letter', 'ahead', 'projection']) {
    await tx.query(`delete from ${table} where source_id = any($1::int[])`, [ids])
  }
}
