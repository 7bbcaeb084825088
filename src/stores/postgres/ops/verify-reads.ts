import { maxChunks } from '../../../core/chunk-address.ts'
import type { ChunkDigest, ChunkRange, LedgerVerify, ReadChunk, ReadRecord } from '../../../core/ledger-verify.ts'
import type { Queryable } from '../../../core/db.ts'
import { ofRecord, tablesOf, type LedgerContext } from '../context.ts'
import { digestOfColumns, parseContent, vectorDigest, type RecordColumns } from './content-digest.ts'

type Reads = Pick<
  LedgerVerify,
  'readRecords' | 'digestOfChunks' | 'digestsOfChunks' | 'strays' | 'recordNames' | 'deadKeys'
>

interface RecordRow extends RecordColumns {
  readonly id: number
  readonly key: string
  readonly version: number
  readonly digest: string | null
  readonly content: string | null
}

interface ChunkRow {
  readonly id: number
  readonly record: number
  readonly ordinal: number
  readonly isIntact: boolean
  readonly hash: string
  /** How many vectors it has. */
  readonly vectors: number
  readonly isZero: boolean | null
  /** Null where there is none under its hash. */
  readonly isCached: boolean | null
  readonly vectorDigest: string | null
}

interface StrayPage {
  readonly last: number | null
  readonly count: number
  readonly found: readonly number[]
}

/** A page's texts are held in memory. */
const mostBytes = 8_000_000

const sha256 = (text: string): string => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`
/** What is embedded, hashed and searched: see `embeddedText`. */
const bodyOf = `case when c.header = '' then c.text else c.header || E'\\n' || c.text end`

/** A document's digest, out of what the ledger holds: see `documentText` of the pipeline. */
const documentDigest = sha256(`concat_ws(E'\\x1e', c.id, c.id, r.id, r.source_id, s.name, r.feed, r.feed, c.language,
  cardinality(r.acl), array_to_string(r.acl, E'\\x1f'), cardinality(r.facets), array_to_string(r.facets, E'\\x1f'), ${bodyOf})`)

/** Reads what the ledger holds and hashes it, page by page. */
export function verifyReads({ db }: LedgerContext): Reads {
  return {
    readRecords: ({ generation, sourceId, after, limit }) =>
      db.transaction(
        async (tx) => {
          const rows = await tx.query<RecordRow>(
            `select id, key, version, digest, content, title, text, media_type as "mediaType", url, fields, facets, acl,
               modified_at as "modifiedAt"
             from (select *, sum(octet_length(text)) over (order by key) - octet_length(text) as before from
               (select * from record where source_id = $1 and not deleted and ($2::text is null or key > $2 collate "C")
                order by key limit $3) t) p
             where before < ${String(mostBytes)} order by key`,
            [sourceId, after ?? null, limit],
          )
          const chunks = await chunksOf(
            tx,
            generation,
            rows.map(({ id }) => id),
          )
          const byRecord = Map.groupBy(chunks, ({ record }) => record)
          return {
            records: rows.map((row) => toRecord(row, byRecord.get(row.id) ?? [])),
            next: rows.at(-1)?.key,
          }
        },
        { snapshot: true },
      ),
    digestOfChunks: async (range) => {
      const { sql, params } = chunksSql(range)
      const [row] = await db.query<{ count: number; last: number | null; digest: string | null }>(
        `select count(*) as count, max(chunk) as last, ${sha256(`string_agg(digest, '' order by chunk)`)} as digest from (${sql}) t`,
        params,
      )
      return { count: row?.count ?? 0, last: row?.last ?? range.after, digest: row?.digest ?? '' }
    },
    digestsOfChunks: ({ only, ...range }) => {
      const { sql, params } = chunksSql(range, only)
      return db.query<ChunkDigest>(sql, params)
    },
    strays: async ({ generation, after, limit }) => {
      const { chunk, vector, fresh } = tablesOf(generation)
      const live = `(select 1 from record r where r.id = t.id / ${String(maxChunks)} and not r.deleted)`
      const held = `(select 1 from ${chunk} c where c.id = t.id)`
      const tables = [
        [chunk, live],
        [vector, held],
        [fresh, held],
      ] as const
      const pages: StrayPage[] = []
      for (const [table, wanted] of tables) {
        pages.push(
          ...(await db.query<StrayPage>(
            `select max(t.id) as last, count(*) as count,
               coalesce(json_agg(t.id order by t.id) filter (where not exists ${wanted}), '[]') as found
             from (select id from ${table} where id > $1 order by id limit $2) t`,
            [after, limit],
          )),
        )
      }
      // Each table's page ends elsewhere: up to the nearest end all of them were read.
      const ends = pages.flatMap(({ last, count }) => (count === limit && last !== null ? [last] : []))
      const next = ends.length === 0 ? undefined : Math.min(...ends)
      const [chunks = [], ...vectors] = pages.map(({ found }) => found.filter((id) => id <= (next ?? Infinity)))
      return { chunks, vectors: [...new Set(vectors.flat())], next }
    },
    recordNames: ({ recordIds }) =>
      db.query(
        `select r.id as "recordId", r.source_id as "sourceId", s.name as source, r.key, r.feed
         from record r join source s on s.id = r.source_id where r.id = any($1::bigint[])`,
        [recordIds],
      ),
    deadKeys: ({ sourceId, keys }) =>
      db.query(`select key, stage from dead_letter where source_id = $1 and key = any($2::text[])`, [sourceId, keys]),
  }
}

function chunksSql(
  { generation, sources, except = [], after, to, limit }: ChunkRange,
  only?: readonly number[],
): { sql: string; params: readonly unknown[] } {
  const sql = `select c.id as chunk, r.source_id as "sourceId", r.id as "recordId", r.feed, ${documentDigest} as digest
    from ${tablesOf(generation).chunk} c
    join record r on r.id = c.id / ${String(maxChunks)} and not r.deleted
    join source s on s.id = r.source_id
    where c.id > $1 and ($2::bigint is null or c.id <= $2) and ($3::int[] is null or r.source_id = any($3))
      and ($4::bigint[] is null or c.id = any($4)) and r.source_id <> all($5::int[])
    order by c.id limit $6`
  return { sql, params: [after, to ?? null, sources ?? null, only ?? null, except, limit] }
}

async function chunksOf(tx: Queryable, generation: number, ids: readonly number[]): Promise<readonly ChunkRow[]> {
  if (ids.length === 0) return []
  const { chunk, vectors } = tablesOf(generation)
  return tx.query<ChunkRow>(
    `select c.id, r.id as record, c.ordinal, x.hash, x.hash = c.hash and c.language = s.language as "isIntact",
       v.vectors, v.v <#> v.v = 0 as "isZero", e.v = v.v as "isCached",
       case when r.content like ':%' then null else ${vectorDigest('v.v')} end as "vectorDigest"
     from record r join source s on s.id = r.source_id
     cross join lateral ${ofRecord(chunk)} c
     cross join lateral (select ${sha256(bodyOf)} as hash) x
     left join lateral (select count(*) as vectors, (array_agg(u.v))[1] as v from ${vectors} u where u.id = c.id) v on true
     left join embedding e on e.hash = x.hash and e.model = (select model from generation where id = $2)
     where r.id = any($1::bigint[]) order by c.id`,
    [ids, generation],
  )
}

function toRecord(row: RecordRow, chunks: readonly ChunkRow[]): ReadRecord {
  const { id, key, version, digest, content, title, text, mediaType } = row
  const noted = content === null ? undefined : parseContent(content)
  const isSame = noted === undefined ? undefined : noted.columns === digestOfColumns(row)
  return {
    recordId: id,
    key,
    version,
    title,
    text,
    mediaType,
    content: isSame === undefined ? 'unknown' : isSame ? 'same' : 'altered',
    given: noted === undefined ? undefined : noted.vector !== undefined,
    isPartial: digest?.startsWith('!') === true,
    chunks: chunks
      .map((chunk): ReadChunk => ({
        chunk: chunk.id,
        ordinal: chunk.ordinal,
        hash: chunk.hash,
        isIntact: chunk.isIntact,
        vector: vectorOf(chunk, noted?.vector),
      }))
      .toSorted((a, b) => a.ordinal - b.ordinal),
  }
}

/** One that came with its row is compared with what was noted of it, any other with the one that was paid for. */
function vectorOf(
  { vectors, isZero, isCached, vectorDigest }: ChunkRow,
  given: string | undefined,
): ReadChunk['vector'] {
  if (vectors === 0) return 'missing'
  if (vectors > 1 || isZero === true) return 'different'
  if (given !== undefined) return vectorDigest === given ? 'same' : 'different'
  return isCached === true ? 'same' : 'different'
}
