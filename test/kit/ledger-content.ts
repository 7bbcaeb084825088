import type { LedgerSql } from './ledger-sql.ts'

export interface StoredChunk {
  readonly id: number
  readonly record: number
  readonly ordinal: number
  readonly header: string
  readonly text: string
  /** One, if all is well. */
  readonly vectors: readonly (readonly number[])[]
}

export interface StoredRecord {
  readonly id: number
  readonly source: string
  readonly key: string
  readonly deleted: boolean
  readonly feed: number
  readonly title: string
  readonly text: string
  readonly chunks: readonly StoredChunk[]
}

export interface StoredSource {
  readonly name: string
  readonly feed: number
  readonly records: number
  readonly chunks: number
  readonly held: boolean
  readonly letters: number
}

/** Everything the ledger holds in the generation that answers. */
export interface LedgerContent {
  readonly sources: readonly StoredSource[]
  readonly records: readonly StoredRecord[]
  /** Chunks and vectors that belong to no live record. */
  readonly strays: { readonly chunks: number; readonly vectors: number }
  readonly generations: number
}

/** Width of a slot in a chunk's address, as the ledger's own pages document it. */
const width = 65_536

export async function readLedgerContent(sql: LedgerSql): Promise<LedgerContent> {
  const generations = await sql.query<{ id: number }>(`select id from generation where state = 'active'`)
  const id = String(generations[0]?.id)
  const sources = await sql.query<StoredSource>(
    `select name, feed::int as feed, records::int as records, chunks::int as chunks, holder is not null as held,
       (select count(*) from dead_letter d where d.source_id = s.id)::int as letters from source s order by name`,
  )
  const rows = await sql.query<Omit<StoredRecord, 'chunks'>>(
    `select r.id::float8 as id, s.name as source, r.key, r.deleted, r.feed::int as feed, r.title, r.text
     from record r join source s on s.id = r.source_id order by r.id`,
  )
  const chunks = await sql.query<Omit<StoredChunk, 'vectors'> & { readonly vectors: string[] }>(
    `select c.id::float8 as id, (c.id / ${String(width)})::float8 as record, c.ordinal, c.header, c.text,
       array(select t.v::text from (select id, v from vector_${id} union all select id, v from fresh_${id}) t
             where t.id = c.id) as vectors
     from chunk_${id} c order by c.id / ${String(width)}, c.ordinal`,
  )
  const parsed = chunks.map((chunk): StoredChunk => ({ ...chunk, vectors: chunk.vectors.map(parseVector) }))
  const byRecord = Map.groupBy(parsed, ({ record }) => record)
  const live = `(select 1 from record r where r.id = c.id / ${String(width)} and not r.deleted)`
  const [strays] = await sql.query<LedgerContent['strays']>(
    `select (select count(*) from chunk_${id} c where not exists ${live})::int as chunks,
       (select count(*) from (select id from vector_${id} union all select id from fresh_${id}) v
        where not exists (select 1 from chunk_${id} c where c.id = v.id))::int as vectors`,
  )
  return {
    sources,
    records: rows.map((row) => ({ ...row, chunks: byRecord.get(row.id) ?? [] })),
    strays: strays ?? { chunks: -1, vectors: -1 },
    generations: generations.length,
  }
}

function parseVector(text: string): number[] {
  // pgvector prints `[1,2,3]`, which is JSON.
  return JSON.parse(text) as number[]
}
