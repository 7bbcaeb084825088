/**
 * Postgres table → ledger and Elasticsearch, vectors given, against the raw rate, in one run:
 * `node bench/load.ts [ROWS] [both|vectors|words]`.
 * Raw: COPY of the same rows and vectors, the same indexes with HNSW built, `_bulk` and refresh, one after the other.
 * `vectors` leaves Elasticsearch out. `words` gives vectors of two dimensions, so that Elasticsearch is what takes time, and is
 * compared with `_bulk` and refresh alone.
 */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { z } from 'zod'
import { openLocalEmbedder } from '../src/models/local-embedder.ts'
import { CopyEncoder } from '../src/stores/postgres/copy-binary.ts'
import { embedSentences, passages, type Passage } from './kit/corpus.ts'
import { loadTable } from './kit/load-table.ts'
import { elasticsearchUrl, openDatabase, removeIndices } from './kit/servers.ts'
import { runProgram } from './kit/start.ts'

const count = Number(process.argv[2] ?? 50_000)
const mode = z.enum(['both', 'vectors', 'words']).parse(process.argv[3] ?? 'both')
const dimensions = mode === 'words' ? 2 : 384
/** Never asked: every row brings its vector. */
const wordsModel = `embedding: { provider: openai, model: given, baseUrl: 'http://127.0.0.1:9', dimensions: ${String(dimensions)} }`
const page = 2000

console.log('embedding the sentences')
await using embedder = openLocalEmbedder()
const rows = [...passages(count, await embedSentences(embedder))].map((row) => ({
  ...row,
  vector: row.vector.subarray(0, dimensions),
}))
await removeIndices('aquifer-bench-load')
const dir = await mkdtemp(join(tmpdir(), 'aquifer-bench-'))
await using source = await openDatabase('aquifer_bench_source')
await using ledger = await openDatabase('aquifer_bench_ledger')
await using raw = await openDatabase('aquifer_bench_raw')
await source.client.query(
  `create extension vector; create table passage (id bigint primary key, title text, body text, embedding halfvec(${String(dimensions)}))`,
)
await loadTable(source.client, 'passage', rows)
await source.client.query('vacuum analyze passage')
const elasticsearch = new Elasticsearch({ node: elasticsearchUrl, requestTimeout: 120_000 })
try {
  const lexical =
    mode === 'vectors' ? 'none' : `{ elasticsearch: { url: '${elasticsearchUrl}', prefix: aquifer-bench-load-ours } }`
  await writeFile(
    join(dir, 'aquifer.yaml'),
    `version: 1
ledger: { postgres: '${ledger.url}' }
lexical: ${lexical}
${mode === 'words' ? wordsModel : ''}
connections: { bench: { type: postgres, url: '${source.url}' } }
sources:
  passages: { connection: bench, table: passage, title: '{title}', text: '{body}', vector: embedding, acl: { public: true } }\n`,
  )
  const copy = await timed(() => copyAll(raw.client))
  const graph = await timed(() => buildGraph(raw.client))
  const bulk = mode === 'vectors' ? 0 : await timed(() => bulkAll(raw.client, elasticsearch))
  const ours = await timed(() => runProgram(dir, 'sync'))
  const say = (what: string, seconds: number, floor?: number): void => {
    const times = floor === undefined ? '' : `, ${(seconds / floor).toFixed(2)} times`
    console.log(`${what.padEnd(34)} ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)} rows/s${times}`)
  }
  console.log(`${String(count)} rows of ${String(dimensions)} dimensions`)
  say('raw COPY', copy)
  say('raw graph of vectors', graph)
  if (mode !== 'vectors') say('raw _bulk and refresh', bulk)
  if (mode === 'words') say('aquifer, against _bulk', ours, bulk)
  else {
    const floor = copy + graph + bulk
    say('aquifer, against all of them', ours, floor)
    console.log(`share of the raw rate              ${(floor / ours).toFixed(2)}`)
  }
  if (mode === 'vectors') {
    const own = await timed(() => rebuildGraph(ledger.client))
    say('aquifer, its graph left out, against COPY', ours - own, copy)
  }
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
async function copyAll(client: Client): Promise<void> {
  await client.query(`create extension vector;
    create table record (id bigint primary key, source_id int not null, key text collate "C" not null, feed bigint not null,
      title text not null, text text not null, acl text[] not null, facets text[] not null, deleted boolean not null,
      unique (source_id, key));
    create index on record (source_id, feed);
    create index on record using gin (acl, facets) where not deleted;
    create table chunk (id bigint primary key, header text not null, text text not null);
    create table embedding (id bigint primary key, v halfvec(${String(dimensions)}) not null)`)
  for (let from = 0; from < rows.length; from += page) await copyRaw(client, rows.slice(from, from + page))
}

async function buildGraph(client: Client): Promise<void> {
  await client.query(`set maintenance_work_mem = '1GB'; create index on embedding using hnsw (v halfvec_cosine_ops)`)
}

/** The program's own graph once more, to tell how much of its time that took. */
async function rebuildGraph(client: Client): Promise<void> {
  const { rows: found } = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
     where pg_get_indexdef(indexrelid) like '%USING hnsw%'`,
  )
  await client.query(`set maintenance_work_mem = '1GB'`)
  for (const { name, definition } of found) await client.query(`drop index ${name}; ${definition}`)
}

async function bulkAll(client: Client, store: Elasticsearch): Promise<void> {
  await store.indices.create({
    index: 'aquifer-bench-load-raw',
    settings: { number_of_replicas: 0, refresh_interval: '30s' },
    mappings: {
      properties: { chunk: { type: 'long' }, acl: { type: 'keyword' }, body: { type: 'text', analyzer: 'english' } },
    },
  })
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
