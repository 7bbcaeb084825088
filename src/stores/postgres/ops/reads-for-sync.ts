import type { HeldCursor, KeptRecord, KnownRecord, LedgerSync } from '../../../core/ledger-sync.ts'
import type { LedgerContext } from '../context.ts'

/** What a sync asks before it writes. */
export function readsForSync({
  db,
}: LedgerContext): Pick<LedgerSync, 'cursors' | 'keysAhead' | 'known' | 'liveKeys' | 'recordsByKey'> {
  return {
    cursors: async ({ sources }) => {
      const rows = await db.query<Omit<HeldCursor, 'mapping'> & { readonly mapping: string | null }>(
        `select name as source, edition, cursor, mapping from source where name = any($1::text[]) and cursor is not null
           and (edition = 'active' or edition = 'building' and lease_until > now())`,
        [sources],
      )
      return rows.map((row) => ({ ...row, mapping: row.mapping ?? undefined }))
    },
    keysAhead: ({ sourceId }) => db.query(`select key, position from ahead where source_id = $1`, [sourceId]),
    known: async ({ sourceId, keys }) => {
      const rows = await db.query<{ key: string; digest: string | null; mapping: string }>(
        `select key, digest, mapping from record where source_id = $1 and key = any($2::text[])`,
        [sourceId, keys],
      )
      return rows.map(({ key, digest, mapping }): KnownRecord => ({ key, digest: digest ?? undefined, mapping }))
    },
    recordsByKey: async ({ sourceId, keys }) => {
      const rows = await db.query<Omit<KeptRecord, 'modifiedAt'> & { readonly modifiedAt: string | null }>(
        `select key, digest, position, mapping, title, text, media_type as "mediaType", url, fields, facets, acl,
           modified_at as "modifiedAt"
         from record where source_id = $1 and key = any($2::text[]) and not deleted`,
        [sourceId, keys],
      )
      return rows.map((row) => ({ ...row, modifiedAt: row.modifiedAt ?? undefined }))
    },
    liveKeys: async ({ sourceId, after, limit }) =>
      db.query<{ key: string; digest: string }>(
        `select key, digest from record
         where source_id = $1 and not deleted and ($2::text is null or key > $2 collate "C")
         order by key limit $3`,
        [sourceId, after ?? null, limit],
      ),
  }
}
