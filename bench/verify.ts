/**
 * 10,000 rows altered or removed behind our back in each store, of so many passages with given vectors: how long it takes
 * to name and to mend them: `node bench/verify.ts [PASSAGES] [DAMAGED]`.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client as Elasticsearch } from '@elastic/elasticsearch'
import type { Client } from 'pg'
import { passages } from './kit/corpus.ts'
import { loadTable } from './kit/load-table.ts'
import { elasticsearchUrl, openDatabase, removeIndices } from './kit/servers.ts'
import { endProgram, runProgram } from './kit/start.ts'

const count = Number(process.argv[2] ?? 100_000)
const damaged = Number(process.argv[3] ?? 10_000)
const prefix = 'aquifer-bench-verify'

const rows = passages(count, vectorOf)
await removeIndices(prefix)
const dir = await mkdtemp(join(tmpdir(), 'aquifer-bench-'))
await using source = await openDatabase('aquifer_bench_verify_source')
await using ledger = await openDatabase('aquifer_bench_verify_ledger')
await source.client.query(
  `create extension vector; create table passage (id bigint primary key, title text, body text, embedding halfvec(384),
   changed timestamptz not null default now())`,
)
await loadTable(source.client, 'passage', rows)
// A sync looks again at what changed lately, and would bring back by itself what was lost.
await source.client.query(`update passage set changed = '2026-01-01'::timestamptz + id * interval '1 second'`)
await source.client.query('vacuum analyze passage')
const elasticsearch = new Elasticsearch({ node: elasticsearchUrl, requestTimeout: 120_000 })
try {
  await writeFile(
    join(dir, 'aquifer.yaml'),
    `version: 1
ledger: { postgres: '${ledger.url}' }
lexical: { elasticsearch: { url: '${elasticsearchUrl}', prefix: ${prefix} } }
connections: { bench: { type: postgres, url: '${source.url}' } }
sources:
  passages:
    { connection: bench, table: passage, cursor: changed, title: '{title}', text: '{body}', vector: embedding, acl: { public: true } }\n`,
  )
  await timed('sync', () => runProgram(dir, 'sync'))
  await told('verify, all in step', 'verify')
  await damageLedger(ledger.client, damaged / 5)
  await told('verify, the ledger damaged', 'verify')
  await told('verify --repair', 'verify', '--repair')
  await damageWords(elasticsearch, ledger.client, damaged / 4)
  await told('verify, Elasticsearch damaged', 'verify')
  await told('verify --repair', 'verify', '--repair')
  await told('verify, all in step again', 'verify')
} finally {
  await elasticsearch.close()
  await removeIndices(prefix)
  await rm(dir, { recursive: true, force: true })
}

/** What the vectors say does not matter here: the same numbers for the same sentence. */
function vectorOf(sentence: string): Float32Array {
  const bytes = createHash('shake256', { outputLength: 384 }).update(sentence).digest()
  return Float32Array.from(bytes, (byte) => byte - 127.5)
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await work()
  console.log(`${what.padEnd(32)} ${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s`)
  return result
}

async function told(what: string, ...args: readonly string[]): Promise<void> {
  const { code, document } = await timed(what, () => endProgram(dir, ...args))
  const { found, remaining, complete, sources } = document
  console.log(`  exit ${String(code)} ${JSON.stringify({ found, remaining, complete, sources })}`)
}

/** Five kinds of damage, of so many records each. */
async function damageLedger(client: Client, each: number): Promise<void> {
  await client.query('set search_path = aquifer, public')
  const nth = (kind: number): string =>
    `in (select id from record where id % 5 = ${String(kind)} order by id limit ${String(each)})`
  const some = (kind: number): string => `id / 65536 ${nth(kind)}`
  await client.query(`update record set text = 'forged ' || text where id ${nth(0)}`)
  await client.query(`update chunk_1 set text = 'forged ' || text where ${some(1)}`)
  for (const table of ['vector_1', 'fresh_1']) {
    await client.query(`update ${table} set v = array_fill(1, array[384])::halfvec where ${some(2)}`)
    await client.query(`delete from ${table} where ${some(3)}`)
    await client.query(`delete from ${table} where ${some(4)}`)
  }
  await client.query(`delete from chunk_1 where ${some(4)}`)
  await client.query(`delete from record where id ${nth(4)}`)
}

/** Four kinds of damage, of so many documents each. */
async function damageWords(client: Elasticsearch, ledger: Client, each: number): Promise<void> {
  const { rows: chunks } = await ledger.query<{ id: string }>('select id from chunk_1 order by id limit $1', [each * 4])
  const index = `${prefix}-g1-english`
  for (let from = 0; from < chunks.length; from += 1000) {
    const operations = chunks.slice(from, from + 1000).flatMap(({ id }, at): object[] => {
      const here = { _index: index, _id: id }
      const kinds = [{ body: 'forged' }, { acl: ['everyone'] }, { feed: 0 }]
      const doc = kinds[at % 4]
      return doc === undefined ? [{ delete: here }] : [{ update: here }, { doc }]
    })
    await client.bulk({ operations })
  }
  await client.indices.refresh({ index })
}
