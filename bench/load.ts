/**
 * Postgres table → ledger and Elasticsearch, vectors given, against the raw rate, in one run: `node bench/load.ts [ROWS]`.
 * Raw: COPY of the same rows and vectors, the same indexes with HNSW built, `_bulk` and refresh, one after the other.
 */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { openLocalEmbedder } from '../src/models/local-embedder.ts'
import { CopyEncoder } from '../src/stores/postgres/copy-binary.ts'
import { embedSentences, passages, type Passage } from './kit/corpus.ts'
import { loadTable } from './kit/load-table.ts'
import { elasticsearchUrl, openDatabase, removeIndices } from './kit/servers.ts'
import { runProgram } from './kit/start.ts'

const count = Number(process.argv[2] ?? 50_000)
const page = 2000

console.log('embedding the sentences')
await using embedder = openLocalEmbedder()
const rows = [...passages(count, await embedSentences(embedder))]
await removeIndices('aquifer-bench-load')
const dir = await mkdtemp(join(tmpdir(), 'aquifer-bench-'))
await using source = await openDatabase('aquifer_bench_source')
await using ledger = await openDatabase('aquifer_bench_ledger')
await using raw = await openDatabase('aquifer_bench_raw')
await source.client.query(
  'create extension vector; create table passage (id bigint primary key, title text, body text, embedding halfvec(384))',
)
await loadTable(source.client, 'passage', rows)
await source.client.query('vacuum analyze passage')
const elasticsearch = new Elasticsearch({ node: elasticsearchUrl, requestTimeout: 120_000 })
try {
  await writeFile(
    join(dir, 'aquifer.yaml'),
    `version: 1
ledger: { postgres: '${ledger.url}' }
lexical: { elasticsearch: { url: '${elasticsearchUrl}', prefix: aquifer-bench-load-ours } }
connections: { bench: { type: postgres, url: '${source.url}' } }
sources:
  passages: { connection: bench, table: passage, title: '{title}', text: '{body}', vector: embedding, acl: { public: true } }\n`,
  )
  const rawSeconds = await timed(() => loadRaw(raw.client, elasticsearch, rows))
  const ourSeconds = await timed(() => runProgram(dir, 'sync'))
  const rate = (seconds: number): string => `${(count / seconds).toFixed(0)} rows/s (${seconds.toFixed(1)} s)`
  console.log(`${String(count)} rows of 384 dimensions`)
  console.log(`raw      ${rate(rawSeconds)}`)
  console.log(`aquifer  ${rate(ourSeconds)}`)
  console.log(`ratio    ${(rawSeconds / ourSeconds).toFixed(2)}`)
} finally {
  await elasticsearch.close()
  await removeIndices('aquifer-bench-load')
  await rm(dir, { recursive: true, force: true })
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

/** The rows are in memory: the raw side does not even read them. */
async function loadRaw(client: Client, store: Elasticsearch, rows: readonly Passage[]): Promise<void> {
  await client.query(`create extension vector;
    create table record (id bigint primary key, source_id int not null, key text collate "C" not null, feed bigint not null,
      title text not null, text text not null, acl text[] not null, facets text[] not null, deleted boolean not null,
      unique (source_id, key));
    create index on record (source_id, feed);
    create index on record using gin (acl, facets) where not deleted;
    create table chunk (id bigint primary key, header text not null, text text not null);
    create table embedding (id bigint primary key, v halfvec(384) not null)`)
  await store.indices.create({
    index: 'aquifer-bench-load-raw',
    settings: { number_of_replicas: 0, refresh_interval: '30s' },
    mappings: {
      _source: { enabled: false },
      properties: { chunk: { type: 'long' }, acl: { type: 'keyword' }, body: { type: 'text', analyzer: 'english' } },
    },
  })
  for (let from = 0; from < rows.length; from += page) await copyRaw(client, rows.slice(from, from + page))
  await client.query(`set maintenance_work_mem = '1GB'; create index on embedding using hnsw (v halfvec_cosine_ops)`)
  for (let from = 1; from <= count; from += page) {
    const { rows: chunks } = await client.query<{ id: string; header: string; text: string }>(
      'select id, header, text from chunk where id >= $1 and id < $2',
      [from, from + page],
    )
    await store.bulk({
      index: 'aquifer-bench-load-raw',
      operations: chunks.flatMap(({ id, header, text }) => [
        { index: { _id: id } },
        { chunk: Number(id), acl: ['*'], body: `${header}\n${text}` },
      ]),
    })
  }
  await store.indices.refresh({ index: 'aquifer-bench-load-raw' })
}

async function copyRaw(client: Client, rows: readonly Passage[]): Promise<void> {
  const [record, chunk, vector] = [new CopyEncoder(), new CopyEncoder(), new CopyEncoder()]
  for (const { id, title, body, vector: numbers } of rows) {
    record.row([
      { int8: id },
      { int4: 1 },
      { text: String(id) },
      { int8: id },
      { text: title },
      { text: body },
      { texts: ['*'] },
      { texts: [] },
      { bool: false },
    ])
    chunk.row([{ int8: id }, { text: title }, { text: body }])
    vector.row([{ int8: id }, { halfvec: numbers }])
  }
  await client.query('begin')
  for (const [target, encoder] of [
    ['record (id, source_id, key, feed, title, text, acl, facets, deleted)', record],
    ['chunk (id, header, text)', chunk],
    ['embedding (id, v)', vector],
  ] as const) {
    const sink = client.query(copyFrom(`copy ${target} from stdin with (format binary)`))
    const done = once(sink, 'finish')
    sink.end(encoder.end())
    await done
  }
  await client.query('commit')
}
