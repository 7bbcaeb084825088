import { maxChunks } from '../../../core/chunk-address.ts'
import type { FoundChunk, FoundRecord, FoundSource, LedgerSearch } from '../../../core/ledger-search.ts'
import { readerGeneration, ofRecord, tablesOf, type LedgerContext } from '../context.ts'
import { filterSql } from './filter.ts'

const recordColumns = `r.id as "recordId", s.name as source, r.key, r.title, r.url, r.fields, r.modified_at as "modifiedAt",
  r.position, s.position as "sourcePosition", (extract(epoch from s.as_of) * 1000)::bigint as "asOfMs"`

/** Re-reads from the ledger what leaves the service; permission is part of each query. */
export function reads(
  context: LedgerContext,
): Pick<LedgerSearch, 'readChunks' | 'neighbours' | 'readRecord' | 'describeSources'> {
  const { db } = context
  return {
    readChunks: async ({ chunks, filter }) => {
      if (chunks.length === 0) return []
      const { id } = await readerGeneration(context)
      const { sql, params } = filterSql(filter, 2)
      const rows = await db.query<FoundChunk>(
        `select c.id as chunk, c.ordinal, r.slots <= 1 as alone, c.header, c.text, ${recordColumns}
         from ${tablesOf(id).chunk} c join record r on r.id = c.id / ${String(maxChunks)} join source s on s.id = r.source_id
         where c.id = any($1::bigint[]) and s.edition = 'active' and ${sql}`,
        [chunks, ...params],
      )
      return rows.map(tidy)
    },
    neighbours: async ({ ranges }) => {
      if (ranges.length === 0) return []
      const { id } = await readerGeneration(context)
      return db.query<{ recordId: number; ordinal: number; text: string }>(
        `select r.id as "recordId", c.ordinal, c.text
         from jsonb_to_recordset($1::jsonb) as r(id bigint, first int, last int)
         cross join lateral ${ofRecord(tablesOf(id).chunk)} c
         where c.ordinal between r.first and r.last order by r.id, c.ordinal`,
        [JSON.stringify(ranges.map(({ recordId, from, to }) => ({ id: recordId, first: from, last: to })))],
      )
    },
    readRecord: async ({ source, key, readable }) => {
      const { sql, params } = filterSql({ readable, sources: [source], facets: [] }, 2)
      const [row] = await db.query<FoundRecord>(
        `select ${recordColumns}, r.text from record r join source s on s.id = r.source_id where r.key = $1 and ${sql}`,
        [key, ...params],
      )
      return row === undefined ? undefined : tidy(row)
    },
    describeSources: async ({ readable }) => {
      const { sql, params } = filterSql({ readable, sources: undefined, facets: [] }, 1)
      // An administrator's count is kept by the commits; anybody else's is counted, since it depends on who asks.
      const count =
        readable === undefined ? 's.records' : `(select count(*) from record r where r.source_id = s.id and ${sql})`
      const rows = await db.query<FoundSource>(
        `select s.name, s.language, (extract(epoch from s.as_of) * 1000)::bigint as "asOfMs", ${count} as records
         from source s where s.edition = 'active' order by s.name`,
        params,
      )
      return rows.map((row) => ({ ...row, asOfMs: row.asOfMs ?? undefined }))
    },
  }
}

/** SQL's null is our undefined. */
function tidy<R extends Pick<FoundRecord, 'modifiedAt' | 'sourcePosition' | 'asOfMs'>>(row: R): R {
  return {
    ...row,
    modifiedAt: row.modifiedAt ?? undefined,
    sourcePosition: row.sourcePosition ?? undefined,
    asOfMs: row.asOfMs ?? undefined,
  }
}
