import type { Queryable } from '../../../core/db.ts'
import type { Batch, RecordWrite } from '../../../core/ledger-sync.ts'
import { CopyEncoder } from '../copy-binary.ts'
import { contentOf } from './content-digest.ts'

/** What the ledger holds of a key before the batch. */
export interface KnownRow {
  id: number
  key: string
  deleted: boolean
}

interface Put {
  readonly put: RecordWrite
  readonly feed: number
}

const columns = `id, source_id, key, deleted, feed, version, slots, position, digest, mapping, title, text, media_type, url,
  fields, facets, acl, modified_at, content`

/** Writes records the ledger has never seen, by COPY. Returns their ids by key. */
export async function insertRecords(tx: Queryable, batch: Batch, puts: readonly Put[]): Promise<Map<string, number>> {
  if (puts.length === 0) return new Map()
  const ids = await tx.query<{ id: number }>(
    `select nextval(pg_get_serial_sequence('record', 'id')) as id from generate_series(1, $1)`,
    [puts.length],
  )
  const byKey = new Map(puts.map(({ put }, index) => [put.key, ids[index]?.id ?? 0]))
  const encoder = new CopyEncoder()
  for (const { put, feed } of puts) {
    encoder.row([
      { int8: byKey.get(put.key) ?? 0 },
      { int4: batch.sourceId },
      { text: put.key },
      { bool: false },
      { int8: feed },
      { int8: 1 },
      { int4: put.chunks.length },
      { text: put.position },
      { text: put.digest },
      { text: batch.mapping },
      { text: put.title },
      { text: put.text },
      { text: put.mediaType },
      { text: put.url },
      { jsonb: JSON.stringify(put.fields) },
      { texts: put.facets },
      { texts: put.acl },
      put.modifiedAt === undefined ? null : { text: put.modifiedAt },
      { text: contentOf(put) },
    ])
  }
  await tx.copyIn(`record (${columns})`, encoder.end())
  return byKey
}

/** Writes records the ledger knows, deleted ones among them: a put revives a key, under a newer feed number. */
export async function updateRecords(
  tx: Queryable,
  batch: Batch,
  puts: readonly (Put & { readonly row: KnownRow })[],
): Promise<void> {
  if (puts.length === 0) return
  const rows = puts.map(({ put, row, feed }) => ({
    id: row.id,
    feed,
    position: put.position,
    digest: put.digest,
    title: put.title,
    text: put.text,
    media_type: put.mediaType,
    url: put.url,
    fields: put.fields,
    facets: put.facets,
    acl: put.acl,
    modified_at: put.modifiedAt ?? null,
    content: contentOf(put),
  }))
  await tx.query(
    `update record r set deleted = false, feed = x.feed, version = r.version + 1, position = x.position, digest = x.digest,
       mapping = $1, title = x.title, text = x.text, media_type = x.media_type, url = x.url, fields = x.fields,
       facets = x.facets, acl = x.acl, modified_at = x.modified_at, content = x.content
     from jsonb_to_recordset($2::jsonb) as x(id bigint, feed bigint, position text, digest text, title text, text text,
       media_type text, url text, fields jsonb, facets text[], acl text[], modified_at text, content text)
     where r.id = x.id`,
    [batch.mapping, JSON.stringify(rows)],
  )
}

/** Leaves a tombstone: the key, its id, its slots and its place in the feed stay, its content goes. */
export async function tombstoneRecords(
  tx: Queryable,
  mapping: string,
  deletes: readonly { readonly row: KnownRow; readonly position: string; readonly feed: number }[],
): Promise<void> {
  if (deletes.length === 0) return
  const rows = deletes.map(({ row, position, feed }) => ({ id: row.id, position, feed }))
  await tx.query(
    `update record r set deleted = true, feed = x.feed, version = r.version + 1, position = x.position, digest = null,
       mapping = $1, title = '', text = '', url = '', fields = '{}', facets = '{}', acl = '{}', modified_at = null, content = ''
     from jsonb_to_recordset($2::jsonb) as x(id bigint, feed bigint, position text)
     where r.id = x.id`,
    [mapping, JSON.stringify(rows)],
  )
}
