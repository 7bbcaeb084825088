import type { LedgerSync } from '../../../core/ledger-sync.ts'
import { requireGeneration, type LedgerContext } from '../context.ts'
import { dropRecords } from './chunk-writes.ts'

const batch = 500

/** Tombstones a source's records in small transactions, so that projections drop them too; the source's row goes last. */
export function removeSource({ db }: LedgerContext): Pick<LedgerSync, 'removeSource' | 'forgetSource'> {
  return {
    removeSource: async ({ source }) => {
      let records = 0
      for (;;) {
        const gone = await db.transaction(async (tx) => {
          const [row] = await tx.query<{ id: number; feed: number }>(
            `update source set epoch = epoch + 1, cursor = null, mapping = null where name = $1 returning id, feed`,
            [source],
          )
          if (row === undefined) return 0
          const { id: generation } = await requireGeneration(tx)
          const ids = await tx.query<{ id: number }>(
            `select id from record where source_id = $1 and not deleted order by id limit ${String(batch)}`,
            [row.id],
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
          await tx.query(
            `update source set feed = feed + $2, records = records - $2, chunks = chunks - $3 where id = $1`,
            [row.id, list.length, chunks],
          )
          return list.length
        })
        records += gone
        if (gone < batch) return { records }
      }
    },
    forgetSource: ({ source }) =>
      db.transaction(async (tx) => {
        // A generation beside the active one learns from the tombstones what it must not bring back.
        const beside = await tx.query(`select 1 from generation where state <> 'active' limit 1`)
        if (beside.length > 0) return
        const [row] = await tx.query<{ id: number }>(`delete from source where name = $1 returning id`, [source])
        if (row === undefined) return
        for (const table of ['record', 'dead_letter', 'ahead', 'projection']) {
          await tx.query(`delete from ${table} where source_id = $1`, [row.id])
        }
      }),
  }
}
