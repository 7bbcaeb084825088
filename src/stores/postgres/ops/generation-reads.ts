import type {
  GenerationPosition,
  GenerationView,
  LedgerGenerations,
  RecordText,
} from '../../../core/ledger-generations.ts'
import { isoSql } from '../iso-sql.ts'
import { tablesOf, type LedgerContext } from '../context.ts'

type Reads = Pick<LedgerGenerations, 'generations' | 'generationPositions' | 'textsPage' | 'embeddedHashes'>

/** What is asked of generations before one is filled, switched or dropped. */
export function readGenerations({ db }: LedgerContext): Reads {
  return {
    generations: async () => {
      const rows = await db.query<Omit<GenerationView, 'chunkBytes' | 'vectorBytes'>>(
        `select id, state, model, dimensions, chunker, made_with as "madeWith", embedded_tokens as "embeddedTokens",
           embedding_ms as "embeddingMs", ${isoSql('begun_at')} as "begunAt", ${isoSql('switched_at')} as "switchedAt",
           case when state = 'active' then (select jsonb_object_agg(name, language) from source where edition = 'active') else languages end as languages,
           case when state = 'active' then (select sum(chunks) from source)
             else (select sum(chunks) from generation_feed f where f.generation = g.id) end::bigint as chunks
         from generation g order by id`,
      )
      const views: GenerationView[] = []
      for (const row of rows) {
        const { chunk, vector, fresh } = tablesOf(row.id)
        // Dropped meanwhile: of no size.
        const [size] = await db.query<{ chunkBytes: number; vectorBytes: number }>(
          `select coalesce(pg_total_relation_size(to_regclass($1)), 0) as "chunkBytes",
             coalesce(pg_total_relation_size(to_regclass($2)), 0) + coalesce(pg_total_relation_size(to_regclass($3)), 0) as "vectorBytes"`,
          [chunk, vector, fresh],
        )
        views.push({
          ...row,
          madeWith: row.madeWith ?? undefined,
          switchedAt: row.switchedAt ?? undefined,
          languages: row.languages ?? {},
          chunks: row.chunks ?? 0,
          chunkBytes: size?.chunkBytes ?? 0,
          vectorBytes: size?.vectorBytes ?? 0,
        })
      }
      return views
    },
    generationPositions: ({ generation }) =>
      db.query<GenerationPosition>(
        `select s.id as "sourceId", s.name as source, s.feed as head,
           case when g.state = 'active' then s.feed else coalesce(f.feed, 0) end as feed
         from source s join generation g on g.id = $1
         left join generation_feed f on f.generation = g.id and f.source_id = s.id order by s.id`,
        [generation],
      ),
    textsPage: ({ sourceId, after, limit }) =>
      db.query<RecordText>(
        `select id as "recordId", feed, deleted, coalesce(split_part(content, ':', 1), '') <> '' as given, key, title, text,
           media_type as "mediaType"
         from record where source_id = $1 and feed > $2 order by feed limit $3`,
        [sourceId, after, limit],
      ),
    embeddedHashes: async ({ hashes, model }) => {
      if (hashes.length === 0) return []
      const rows = await db.query<{ hash: string }>(
        `select hash from embedding where model = $1 and hash = any($2::text[])`,
        [model, hashes],
      )
      return rows.map(({ hash }) => hash)
    },
  }
}
