import type { Queryable } from '../../../core/db.ts'
import { chunkAddress, maxChunks } from '../../../core/chunk-address.ts'
import type { FeedChunk, FeedPage, FeedRecord, LedgerFeed, ProjectionPosition } from '../../../core/ledger-feed.ts'
import { ofRecord, tablesOf, type LedgerContext } from '../context.ts'

interface SourceRow {
  readonly name: string
  readonly language: string
}

interface RecordRow {
  id: number
  key: string
  feed: number
  slots: number
  deleted: boolean
  acl: string[]
  facets: string[]
}

/** The change feed: each record once, at its latest change. Feed numbers are given under a lock, so there are no holes. */
export function feed({ db }: LedgerContext): Omit<LedgerFeed, 'standings'> {
  return {
    feedPage: ({ generation, sourceId, after, limit }) =>
      db.transaction(
        async (tx): Promise<FeedPage> => {
          const [source] = await tx.query<SourceRow & { readonly feed: number }>(
            `select s.name, ${headOf('$2')} as feed, s.language from source s where s.id = $1`,
            [sourceId, generation],
          )
          if (source === undefined) return { records: [], next: after, head: after }
          const rows = await tx.query<RecordRow>(
            `select id, key, feed, slots, deleted, acl, facets from record
             where source_id = $1 and feed > $2 and feed <= $4 order by feed limit $3`,
            [sourceId, after, limit, source.feed],
          )
          const records = await withChunks(tx, generation, { sourceId, ...source }, rows)
          return { records, next: rows.at(-1)?.feed ?? after, head: source.feed }
        },
        { snapshot: true },
      ),
    feedRecords: ({ generation, sourceId, keys }) =>
      db.transaction(
        async (tx) => {
          const [source] = await tx.query<SourceRow>(`select name, language from source where id = $1`, [sourceId])
          if (source === undefined) return []
          const rows = await tx.query<RecordRow>(
            `select id, key, feed, slots, deleted, acl, facets from record where source_id = $1 and key = any($2::text[])`,
            [sourceId, keys],
          )
          return withChunks(tx, generation, { sourceId, ...source }, rows)
        },
        { snapshot: true },
      ),
    projectionPositions: ({ projection, generation }) =>
      db
        .query<Omit<ProjectionPosition, 'position'> & { readonly position: string | null }>(
          `select s.id as "sourceId", s.name as source, s.edition, coalesce(p.feed, 0) as feed, ${headOf('$2')} as head, s.language,
             case when coalesce(p.feed, 0) >= s.position_feed then s.position else p.position end as position
           from source s left join projection p on p.source_id = s.id and p.name = $1 and p.generation = $2 order by s.id`,
          [projection, generation],
        )
        .then((rows) => rows.map((row) => ({ ...row, position: row.position ?? undefined }))),
    advanceProjection: async ({ projection, generation, sourceId, from, feed: to }) => {
      await db.query(
        `insert into projection as p (name, generation, source_id, feed)
         select $1, $2, $3, $5 where $4 = 0
           or exists (select 1 from projection where name = $1 and generation = $2 and source_id = $3)
         on conflict (name, generation, source_id) do update set feed = greatest(p.feed, excluded.feed) where p.feed >= $4`,
        [projection, generation, sourceId, from, to],
      )
    },
    resetProjection: async ({ projection, generation }) => {
      await db.query(`delete from projection where name = $1 and generation = $2`, [projection, generation])
    },
  }
}

/** Up to where of the source `s` a generation can be read: one that does not answer lacks what came later. */
const headOf = (generation: string): string =>
  `case when exists (select 1 from generation g where g.id = ${generation} and g.state = 'active') then s.feed
   else coalesce((select f.feed from generation_feed f where f.generation = ${generation} and f.source_id = s.id), 0) end`

async function withChunks(
  tx: Queryable,
  generation: number,
  source: SourceRow & { readonly sourceId: number },
  rows: readonly RecordRow[],
): Promise<readonly FeedRecord[]> {
  const chunks = await tx.query<FeedChunk & { readonly language: string }>(
    `select c.id as chunk, c.language, c.header, c.text from unnest($1::bigint[]) as r(id)
     cross join lateral ${ofRecord(tablesOf(generation).chunk)} c`,
    [rows.filter(({ deleted }) => !deleted).map(({ id }) => id)],
  )
  const byRecord = Map.groupBy(chunks, ({ chunk }) => Math.floor(chunk / maxChunks))
  return rows.map((row) => toRecord(row, source, byRecord.get(row.id) ?? []))
}

function toRecord(
  row: RecordRow,
  source: { sourceId: number; name: string; language: string },
  found: readonly (FeedChunk & { readonly language: string })[],
): FeedRecord {
  const [first] = found
  const chunks = found.map(({ chunk, header, text }) => ({ chunk, header, text }))
  const used = new Set(chunks.map(({ chunk }) => chunk))
  const gone: number[] = []
  for (let slot = 0; slot < row.slots; slot++) {
    const address = chunkAddress(row.id, slot)
    if (!used.has(address)) gone.push(address)
  }
  return {
    recordId: row.id,
    sourceId: source.sourceId,
    source: source.name,
    key: row.key,
    feed: row.feed,
    // A generation that is being filled may be in another language than the source was until now.
    language: first?.language ?? source.language,
    acl: row.acl,
    facets: row.facets,
    chunks,
    gone,
  }
}
