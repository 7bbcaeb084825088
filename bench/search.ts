/**
 * A whole search over HTTP against the floor of what it is made of, in one run:
 * `node bench/search.ts embedded|standard [PASSAGES] [CALLS]`.
 * Floor: embedding of the question + the raw legs' top 100 (standard: the slower one, for they run at once; embedded:
 * both, one after the other) + an MCP call that returns the same bytes and does nothing.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalEmbedder } from '../src/models/local-embedder.ts'
import { openNewClient } from '../test/kit/mcp-clients.ts'
import { embedSentences, passages, questions } from './kit/corpus.ts'
import { line, throughput, timeOf, timesOf } from './kit/figures.ts'
import { loadTable } from './kit/load-table.ts'
import { rawEmbedded, rawStandard } from './kit/raw-legs.ts'
import { elasticsearchUrl, openDatabase, removeIndices } from './kit/servers.ts'
import { program, runProgram, startServer } from './kit/start.ts'

const kind = process.argv[2] === 'standard' ? 'standard' : 'embedded'
const count = Number(process.argv[3] ?? 20_000)
const calls = Number(process.argv[4] ?? 300)
const warmUp = 30

if (kind === 'standard') await removeIndices('aquifer-bench-search')
const dir = await mkdtemp(join(tmpdir(), 'aquifer-bench-'))
await using source = await openDatabase('aquifer_bench_source')
await using ledger = await openDatabase('aquifer_bench_ledger')
await source.client.query(
  'create extension vector; create table passage (id bigint primary key, title text, body text, embedding halfvec(384))',
)
await using embedder = openLocalEmbedder()
console.log('embedding the sentences')
await loadTable(source.client, 'passage', passages(count, await embedSentences(embedder)))
const stores =
  kind === 'standard'
    ? `ledger: { postgres: '${ledger.url}' }\nlexical: { elasticsearch: { url: '${elasticsearchUrl}', prefix: aquifer-bench-search } }\n`
    : ''
await writeFile(
  join(dir, 'aquifer.yaml'),
  `version: 1\n${stores}connections: { bench: { type: postgres, url: '${source.url}' } }
sources:
  passages: { connection: bench, table: passage, title: '{title}', text: '{body}', vector: embedding, acl: { public: true } }\n`,
)
try {
  console.log(`${kind}, ${String(count)} passages, ${String(calls)} calls`)
  await runProgram(dir, 'sync')
  const asked = questions(calls)
  const question = (i: number): string => asked[i % asked.length] ?? ''
  const { vectors } = await embedder.embed(asked, { as: 'query' })
  const vectorOf = (i: number): Float32Array => {
    const vector = vectors[i % vectors.length]
    if (!(vector instanceof Float32Array)) throw new Error('a question was not embedded')
    return vector
  }
  await using raw =
    kind === 'standard'
      ? await rawStandard(ledger.url, 'aquifer-bench-search')
      : await rawEmbedded(await copyOf(join(dir, '.aquifer')))
  await using server = await startServer([program, '--json', '--dir', dir, 'serve', '--http', '0'])
  const url = `${(JSON.parse(server.line) as { url: string }).url}/mcp`
  await using client = await openNewClient({ url })
  const search = async (i: number): Promise<unknown> => {
    const result = await client.callTool('search_knowledge', { query: question(i) })
    if (result.isError === true) throw new Error(JSON.stringify(result))
    return result
  }
  const answerFile = join(dir, 'answer.json')
  await writeFile(answerFile, JSON.stringify(await search(0)))
  await using noop = await startServer([new URL('kit/noop-server.ts', import.meta.url).pathname, answerFile])
  await using empty = await openNewClient({ url: `${noop.line}/mcp` })

  // One after the other in each round, so that all find the machine in the same state.
  const rounds: { embedding: number; lexical: number; vector: number; mcp: number; ours: number }[] = []
  for (let i = 0; i < warmUp + calls; i++) {
    rounds.push({
      embedding: await timeOf(() => embedder.embed([question(i)], { as: 'query' })),
      lexical: await timeOf(() => raw.lexical(question(i))),
      vector: await timeOf(() => raw.vector(vectorOf(i))),
      mcp: await timeOf(() => empty.callTool('anything', {})),
      // Another question: what the stores keep of the one just asked is no help.
      ours: await timeOf(() => search(i + Math.floor(calls / 2))),
    })
  }
  const measured = rounds.slice(warmUp)
  const legs = (round: { lexical: number; vector: number }): number =>
    kind === 'standard' ? Math.max(round.lexical, round.vector) : round.lexical + round.vector
  const floor = timesOf(measured.map((round) => round.embedding + legs(round) + round.mcp))
  const ours = timesOf(measured.map((round) => round.ours))
  const one = await throughput(1, calls, search)
  const sixteen = await throughput(16, calls, search)
  console.log(line('embedding of the question', timesOf(measured.map((round) => round.embedding))))
  console.log(line('raw lexical leg, top 100', timesOf(measured.map((round) => round.lexical))))
  console.log(line('raw vector leg, top 100', timesOf(measured.map((round) => round.vector))))
  console.log(line('MCP call that does nothing', timesOf(measured.map((round) => round.mcp))))
  console.log(line('floor', floor))
  console.log(line('search_knowledge over HTTP', ours))
  console.log(`ratio to the floor: p50 ${(ours.p50 / floor.p50).toFixed(2)}, p95 ${(ours.p95 / floor.p95).toFixed(2)}`)
  console.log(
    `throughput: 1 caller ${one.toFixed(1)}/s, 16 callers ${sixteen.toFixed(1)}/s, ratio ${(sixteen / one).toFixed(2)}`,
  )
} finally {
  if (kind === 'standard') await removeIndices('aquifer-bench-search')
  await rm(dir, { recursive: true, force: true })
}

/** The owner of the store is the service; the raw store is a copy. */
async function copyOf(folder: string): Promise<string> {
  await cp(folder, `${folder}-raw`, { recursive: true })
  return `${folder}-raw`
}
