/** A program that serves the doors over records in memory: `--stdio`, or `--http` with the address on its first line. */
import { silentLog } from '../../src/core/log.ts'
import { startHttp } from '../../src/http/start-http.ts'
import { createCallGate } from '../../src/mcp/call-gate.ts'
import { serveStdio } from '../../src/mcp/stdio.ts'
import { memoryKnowledge } from './memory-knowledge.ts'
import { memoryNumbers } from './memory-numbers.ts'
import { shopMetrics } from './shop-metrics.ts'
import { shopRecords } from './shop-records.ts'

const version = '0.0.0-fixture'
const local = { id: 'local', groups: [], admin: true }
const memory = memoryKnowledge(shopRecords, { delayMs: ({ query }) => Number(/slow (\d+)/.exec(query)?.[1] ?? 0) })
const shopNumbers = memoryNumbers(shopMetrics)
const numbers = async () => shopNumbers
const never = process.argv.includes('--never-ready')
const knowledge = never ? () => new Promise<never>(() => {}) : async () => memory

if (process.argv.includes('--stdio')) {
  // What a library might do: it must not reach standard output.
  setTimeout(() => console.log('noise'), 1)
  await serveStdio({ knowledge, numbers, gate: createCallGate(), log: silentLog, version, caller: local })
} else {
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    knowledge,
    numbers,
    local,
    status: async () => ({
      sources: [...(await memory.describe(local))],
      stores: [],
      usage: { tokens: 0, cost: 0 },
      notices: [],
    }),
    ready: async () => ({ ok: true, checks: [] }),
    log: silentLog,
    version,
  })
  process.stdout.write(`${server.url}\n`)
  process.once('SIGTERM', () => void server[Symbol.asyncDispose]())
}
