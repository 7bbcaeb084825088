/**
 * Commit at the source → found by a search in both stores, while so much changes: `node bench/freshness.ts [SECONDS] [CHANGES
 * A SECOND] [ROWS]`. Of the changes a tenth alters texts (vectors given). Beside it, in the same run: one batch of as many
 * changes written to pgvector under HNSW and to Elasticsearch, and refreshed, as the floor of what can be seen how soon.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { Client } from 'pg'
import { openApp } from '../src/app.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { readableBy } from '../src/core/caller.ts'
import { silentLog } from '../src/core/log.ts'
import { openLocalEmbedder } from '../src/models/local-embedder.ts'
import { embedSentences, passages, type Passage } from './kit/corpus.ts'
import { timesOf } from './kit/figures.ts'
import { loadTable } from './kit/load-table.ts'
import { elasticsearchUrl, openDatabase, removeIndices } from './kit/servers.ts'
import { program, runProgram } from './kit/start.ts'

const seconds = Number(process.argv[2] ?? 60)
const rate = Number(process.argv[3] ?? 500)
const count = Number(process.argv[4] ?? 20_000)
const prefix = 'aquifer-bench-fresh'
const warmUpMs = 5000
const probeEveryMs = 200
const lookEveryMs = 20
const patienceMs = 30_000

const change = (sql: string, values: readonly unknown[]): Promise<unknown> =>
  inTurn(() => source.client.query(sql, [...values]))

type Kind = 'text' | 'field' | 'delete' | 'revoke'
/** A connection runs one statement at a time. */
const inTurn = pLimit(1)
/** However many changes are waited for: looking is not to be the load that is measured. */
const looks = pLimit(2)
const kinds: readonly Kind[] = ['text', 'field', 'delete', 'revoke']
const times: Record<Kind, number[]> = { text: [], field: [], delete: [], revoke: [] }

await using embedder = openLocalEmbedder()
const rows = [...passages(count, await embedSentences(embedder))]
await removeIndices(prefix)
const dir = await mkdtemp(join(tmpdir(), 'aquifer-bench-'))
await using source = await openDatabase('aquifer_bench_source')
await using store = await openDatabase('aquifer_bench_ledger')
await source.client.query(`create extension vector; create table passage (id bigint primary key, title text, body text,
  embedding halfvec(384), state int not null default 0, readers text[] not null default '{staff}')`)
await loadTable(source.client, 'passage', rows)
await source.client.query('vacuum analyze passage')
try {
  await writeFile(
    join(dir, 'aquifer.yaml'),
    `version: 1
ledger: { postgres: '${store.url}' }
lexical: { elasticsearch: { url: '${elasticsearchUrl}', prefix: ${prefix} } }
connections: { bench: { type: postgres, url: '${source.url}' } }
sources:
  passages: { connection: bench, table: passage, mode: stream, title: '{title}', text: '{body}', vector: embedding,
    fields: [state], acl: { groups: '{readers}' } }\n`,
  )
  await runProgram(dir, 'sync')
  const watch = spawn(process.execPath, [program, '--json', '--dir', dir, 'sync', '--watch'], { stdio: 'ignore' })
  try {
    await measure()
  } finally {
    watch.kill('SIGINT')
    await new Promise((resolve) => watch.once('exit', resolve))
  }
  console.log(
    `${String(rate)} changes a second for ${String(seconds)} s on ${String(count)} rows; milliseconds from the commit`,
  )
  for (const kind of kinds) {
    const { p50, p95 } = timesOf(times[kind])
    const p99 = times[kind].toSorted((a, b) => a - b)[Math.floor(times[kind].length * 0.99)] ?? 0
    console.log(
      `${kind.padEnd(8)} ${String(times[kind].length).padStart(4)} probes   p50 ${p50.toFixed(0)}   p95 ${p95.toFixed(0)}   p99 ${p99.toFixed(0)}`,
    )
  }
} finally {
  await removeIndices(prefix)
  await rm(dir, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const config = await loadConfig({ dir, env: process.env })
  await using app = await openApp({ config, env: process.env, log: silentLog })
  const { ledger, projection: words, embedder: model } = app
  if (words === undefined) throw new Error('no projection')
  const lexical = words
  // Rows at the end are for the probes alone.
  let next = count
  const first = rows[--next]
  // The program starts in its own time.
  if (first !== undefined) await probe('field', first, -1)
  const started = performance.now()
  const end = started + warmUpMs + seconds * 1000
  const written = write(end)
  const probes: Promise<void>[] = []
  for (let number = 0; performance.now() < end; number += 1) {
    const kind = kinds[number % kinds.length] ?? 'text'
    const row = rows[--next]
    if (row === undefined) throw new Error('there are fewer rows than probes')
    const counts = performance.now() - started > warmUpMs
    probes.push(timed(kind, row, { number, counts }))
    await sleep(probeEveryMs)
  }
  await Promise.all(probes)
  console.log(`written: ${((await written) / (warmUpMs / 1000 + seconds)).toFixed(0)} changes a second`)

  async function timed(
    kind: Kind,
    row: Passage,
    { number, counts }: { readonly number: number; readonly counts: boolean },
  ): Promise<void> {
    const ms = await probe(kind, row, number)
    if (counts) times[kind].push(ms)
  }

  async function probe(kind: Kind, row: Passage, number: number): Promise<number> {
    const word = `probe${String(number)}x${String(row.id)}`
    const state = 1_000_000 + number
    if (kind === 'text') {
      const vector = `[${[...row.vector].join(',')}]`
      await change('update passage set body = $2, embedding = $3, state = $4 where id = $1', [
        row.id,
        `${word} ${row.body}`,
        vector,
        state,
      ])
    } else if (kind === 'field') await change('update passage set state = $2 where id = $1', [row.id, state])
    else if (kind === 'delete') await change('delete from passage where id = $1', [row.id])
    else await change(`update passage set readers = '{board}' where id = $1`, [row.id])
    const committed = performance.now()
    const readable = readableBy({ id: 'bench', groups: ['staff'], admin: false })
    const filter = { readable: undefined, sources: undefined, facets: [[`state=${String(state)}`]] }
    const isThere = async (): Promise<boolean> => {
      if (kind === 'delete' || kind === 'revoke') {
        return (await ledger.readRecord({ source: 'passages', key: String(row.id), readable })) === undefined
      }
      const text = kind === 'text' ? word : row.title
      const [words, vectors] = await Promise.all([
        lexical.search({ text, filter, limit: 1 }),
        ledger.vectorLeg({ vector: row.vector, model: model.model, filter, limit: 1, also: [] }),
      ])
      return words.length > 0 && vectors.found.length > 0
    }
    while (!(await looks(isThere))) {
      if (performance.now() - committed > patienceMs) throw new Error(`${kind} of ${String(row.id)} was never found`)
      await sleep(lookEveryMs)
    }
    return performance.now() - committed
  }
}

/** One transaction a change, a tenth of them with another text, over a few connections; answers how many. */
async function write(end: number): Promise<number> {
  const busy = count - Math.ceil(((seconds * 1000 + warmUpMs) / probeEveryMs) * 1.2)
  if (busy < 100) throw new Error('too few rows')
  const started = performance.now()
  let done = 0
  const lane = async (): Promise<void> => {
    const client = new Client({ connectionString: source.url })
    await client.connect()
    while (performance.now() < end) {
      if (done >= ((performance.now() - started) / 1000) * rate) {
        await sleep(2)
        continue
      }
      const number = done++
      const row = rows[(number * 7919) % busy]
      if (row === undefined) continue
      await (number % 10 === 0
        ? client.query('update passage set body = $2, embedding = $3 where id = $1', [
            row.id,
            `${row.body} Changed ${String(number)}.`,
            `[${[...row.vector].join(',')}]`,
          ])
        : client.query('update passage set state = $2 where id = $1', [row.id, number]))
    }
    await client.end()
  }
  await Promise.all(Array.from({ length: 4 }, lane))
  return done
}
