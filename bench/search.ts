/**
 * A whole search over HTTP against the floor of what it is made of, in one run:
 * `node bench/search.ts embedded|standard [PASSAGES] [CALLS]`.
 * Floor: embedding of the question + the raw legs' top 100 (standard: the slower one, for they run at once; embedded:
 * both, one after the other) + an MCP call that returns the same bytes and does nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLocalEmbedder } from '../src/models/local-embedder.ts'
import { openNewClient, type McpClient } from '../test/kit/mcp-clients.ts'
import { embedSentences, passages, questions } from './kit/corpus.ts'
import { line, slower, sumOf, throughput, timesOf, type Times } from './kit/figures.ts'
import { loadTable } from './kit/load-table.ts'
import { rawEmbedded, rawStandard } from './kit/raw-legs.ts'
import { elasticsearchUrl, openDatabase, removeIndices } from './kit/servers.ts'
import { program, runProgram, startServer } from './kit/start.ts'

const kind = process.argv[2] === 'standard' ? 'standard' : 'embedded'
const count = Number(process.argv[3] ?? 20_000)
const calls = Number(process.argv[4] ?? 300)

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
  const embedding = await timesOf(calls, (i) => embedder.embed([question(i)], { as: 'query' }))
  const vectors = await Promise.all(
    asked.map(async (text) => (await embedder.embed([text], { as: 'query' })).vectors[0]),
  )
  const vectorOf = (i: number): Float32Array => {
    const vector = vectors[i % vectors.length]
    if (!(vector instanceof Float32Array)) throw new Error('a question was not embedded')
    return vector
  }
  const raw =
    kind === 'standard'
      ? await rawStandard(ledger.url, 'aquifer-bench-search')
      : await rawEmbedded(join(dir, '.aquifer'))
  const lexical = await timesOf(calls, (i) => raw.lexical(question(i)))
  const vector = await timesOf(calls, (i) => raw.vector(vectorOf(i)))
  await raw[Symbol.asyncDispose]()

  await using server = await startServer([program, '--json', '--dir', dir, 'serve', '--http', '0'])
  const url = `${(JSON.parse(server.line) as { url: string }).url}/mcp`
  await using client = await openNewClient({ url })
  const search = (to: McpClient) => async (i: number) => {
    const result = await to.callTool('search_knowledge', { query: question(i) })
    if (result.isError === true) throw new Error(JSON.stringify(result))
    return result
  }
  const answerFile = join(dir, 'answer.json')
  await writeFile(answerFile, JSON.stringify(await search(client)(0)))
  const ours = await timesOf(calls, search(client), 30)
  const one = await throughput(1, calls, search(client))
  const sixteen = await throughput(16, calls, search(client))

  await using noop = await startServer([new URL('kit/noop-server.ts', import.meta.url).pathname, answerFile])
  await using empty = await openNewClient({ url: `${noop.line}/mcp` })
  const mcp = await timesOf(calls, () => empty.callTool('anything', {}), 30)
  const legs: Times = kind === 'standard' ? slower(lexical, vector) : sumOf(lexical, vector)
  const floor = sumOf(embedding, legs, mcp)
  console.log(line('embedding of the question', embedding))
  console.log(line('raw lexical leg, top 100', lexical))
  console.log(line('raw vector leg, top 100', vector))
  console.log(line('MCP call that does nothing', mcp))
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
