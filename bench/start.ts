/** How soon the program is there, in a folder that has been synced: `node bench/start.ts [RUNS]`. */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNewClient } from '../test/kit/mcp-clients.ts'
import { program, runProgram } from './kit/start.ts'

const runs = Number(process.argv[2] ?? 5)
const dir = await mkdtemp(join(tmpdir(), 'aquifer-bench-'))
try {
  await mkdir(join(dir, 'docs'))
  await writeFile(join(dir, 'docs', 'page.md'), '# Page\n\nOne page.\n')
  await writeFile(join(dir, 'aquifer.yaml'), 'version: 1\nsources: { docs: { type: files, path: ./docs } }\n')
  report('first open of a new store (status)', [await timed(() => runProgram(dir, 'status'))])
  await runProgram(dir, 'sync')
  const target = { command: process.execPath, args: [program, 'serve', '--stdio', '--dir', dir] }
  const listed: number[] = []
  const answered: number[] = []
  for (let run = 0; run < runs; run++) {
    const started = performance.now()
    await using client = await openNewClient(target)
    await client.listTools()
    listed.push(performance.now() - started)
    await client.callTool('search_knowledge', { query: 'page' })
    answered.push(performance.now() - started)
  }
  report('serve --stdio: start to tools/list', listed)
  report('serve --stdio: start to the first answer', answered)
  report('status', [await timed(() => runProgram(dir, 'status'))])
  report('node --version, for comparison', [await timed(() => once('--version'))])
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function once(...args: readonly string[]): Promise<void> {
  await new Promise((resolve) => spawn(process.execPath, args, { stdio: 'ignore' }).once('exit', resolve))
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

function report(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b)
  console.log(
    `${what.padEnd(44)} median ${(sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0)} ms of ${String(times.length)}`,
  )
}
