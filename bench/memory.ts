/**
 * Peak memory of a sync of 20,000 and of 200,000 rows (standard, vectors from a local stand-in that speaks OpenAI's
 * protocol): `node bench/memory.ts [FEW] [MANY]`. The peak is the operating system's (VmHWM), so it needs Linux.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { elasticsearchUrl, openDatabase, removeIndices } from './kit/servers.ts'
import { program, startServer } from './kit/start.ts'

const few = Number(process.argv[2] ?? 20_000)
const many = Number(process.argv[3] ?? 200_000)
const words = `(select string_agg((array['lamp','river','order','paper','cloud','engine','garden','signal'])[(1 + (n::bigint * i * 7919) % 8)::int] || (n::bigint * i) % 997, ' ') from generate_series(1, 60) i)`

await using double = await startServer([
  '--eval',
  `import('${new URL('../test/kit/openai-double.ts', import.meta.url).href}').then(async ({ openOpenAiDouble }) => console.log((await openOpenAiDouble({ dimensions: 384, keepCalls: false })).baseUrl))`,
])
const peaks = [await peakOf(few), await peakOf(many)]
console.log(
  `peak memory: ${String(few)} rows ${String(peaks[0])} MB, ${String(many)} rows ${String(peaks[1])} MB, more by ${String((peaks[1] ?? 0) - (peaks[0] ?? 0))} MB`,
)

async function peakOf(rows: number): Promise<number> {
  await removeIndices('aquifer-bench-memory')
  const dir = await mkdtemp(join(tmpdir(), 'aquifer-bench-'))
  await using source = await openDatabase('aquifer_bench_source')
  await using ledger = await openDatabase('aquifer_bench_ledger')
  await source.client
    .query(`create table item as select n as id, 'Item ' || n as title, ${words} as body from generate_series(1, ${String(rows)}) n;
    alter table item add primary key (id)`)
  await writeFile(
    join(dir, 'aquifer.yaml'),
    `version: 1
ledger: { postgres: '${ledger.url}' }
lexical: { elasticsearch: { url: '${elasticsearchUrl}', prefix: aquifer-bench-memory } }
embedding: { provider: openai, model: stand-in, baseUrl: '${double.line}', dimensions: 384 }
connections: { bench: { type: postgres, url: '${source.url}' } }
sources: { items: { connection: bench, table: item, title: '{title}', text: '{body}', acl: { public: true } } }\n`,
  )
  const started = performance.now()
  const child = spawn(process.execPath, [program, '--json', '--dir', dir, 'sync'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  let peak = 0
  const look = async (): Promise<void> => {
    // Once it has ended there is nothing to read.
    const status = await readFile(`/proc/${String(child.pid)}/status`, 'utf8').catch(() => '')
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
  }
  const timer = setInterval(() => void look(), 200)
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearInterval(timer)
  if (code !== 0) throw new Error(`the sync of ${String(rows)} rows ended with ${String(code)}`)
  console.log(`${String(rows)} rows in ${((performance.now() - started) / 1000).toFixed(0)} s`)
  await removeIndices('aquifer-bench-memory')
  await rm(dir, { recursive: true, force: true })
  return Math.round(peak / 1024)
}
