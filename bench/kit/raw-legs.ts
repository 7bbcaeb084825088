import { join } from 'node:path'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { PGlite } from '@electric-sql/pglite'
import { pg_textsearch } from '@electric-sql/pglite-pg_textsearch'
import { vector as pgvector } from '@electric-sql/pglite-pgvector'
import { Client } from 'pg'
import { elasticsearchUrl } from './servers.ts'

/** The stores' own top 100, asked directly. */
export interface RawLegs extends AsyncDisposable {
  lexical(text: string): Promise<unknown>
  vector(vector: Float32Array): Promise<unknown>
}

const vectorSql = 'select id, 1 - (v <=> $1) as score from vector_1 order by v <=> $1 limit 100'

export async function rawStandard(url: string, prefix: string): Promise<RawLegs> {
  const postgres = new Client({ connectionString: url, options: '-c search_path=aquifer,public -c hnsw.ef_search=100' })
  await postgres.connect()
  const elasticsearch = new Elasticsearch({ node: elasticsearchUrl })
  return {
    lexical: (text) =>
      elasticsearch.search({
        index: prefix,
        size: 100,
        _source: false,
        docvalue_fields: ['chunk'],
        stored_fields: '_none_',
        track_total_hits: false,
        query: { match: { body: text } },
      }),
    vector: (vector) => postgres.query(vectorSql, [`[${vector.join(',')}]`]),
    [Symbol.asyncDispose]: async () => {
      await postgres.end()
      await elasticsearch.close()
    },
  }
}

/** PGlite on the store's own folder, in this thread, while nobody else has it open. */
export async function rawEmbedded(folder: string): Promise<RawLegs> {
  const db = await PGlite.create({ dataDir: join(folder, 'data'), extensions: { vector: pgvector, pg_textsearch } })
  await db.exec(
    'set search_path = aquifer, public; set enable_sort = off; set enable_seqscan = off; set hnsw.ef_search = 100',
  )
  return {
    lexical: (text) =>
      db.query(
        `select id, bm25_get_current_score() as score from chunk_1 where language = 'english'
         order by (header || E'\\n' || text) <@> to_bm25query($1, 'chunk_1_bm25_english') limit 100`,
        [text],
      ),
    vector: (vector) => db.query(vectorSql, [`[${vector.join(',')}]`]),
    [Symbol.asyncDispose]: () => db.close(),
  }
}
