import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Log } from '../../src/core/log.ts'
import { silentLog } from '../../src/core/log.ts'
import { startStoreProcess } from '../kit/embedded-process.ts'
import { openTestStore } from '../kit/embedded-store.ts'
import { openTempDir } from '../kit/temp-dir.ts'

// Every opening compiles a database engine: seconds where many programs share few cores.
vi.setConfig({ testTimeout: 240_000 })

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function listeningLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const note = (details: object, text: string): void => void lines.push(`${text} ${JSON.stringify(details)}`)
  return { lines, debug: note, info: note, warn: note, error: note }
}

test('an operation that passes its deadline fails, and what waited behind it goes on', async () => {
  await using folder = await openTempDir()
  await using store = await openTestStore(folder.path)
  await store.run('append', { writer: 'a', n: 1 })
  const spin = store.run('spin')
  const waiting = store.run('append', { writer: 'a', n: 2 })
  await expect(spin).rejects.toMatchObject({
    code: 'LEDGER_TIMEOUT',
    message: 'The ledger operation spin ran too long.',
  })
  await waiting
  expect(await store.run('lines', { writer: 'a' })).toEqual([1, 2])
})

test('what waits too long for its turn is told so, and for whom', async () => {
  await using folder = await openTempDir()
  await using store = await openTestStore(folder.path, {
    rules: { spin: { lane: 'read', deadlineMs: 2500 }, lines: { lane: 'read', patienceMs: 500 } },
  })
  const spin = store.run('spin')
  await expect(store.run('lines', { writer: 'a' })).rejects.toMatchObject({
    code: 'LEDGER_TIMEOUT',
    message: 'The ledger operation lines waited too long for spin.',
  })
  await expect(spin).rejects.toMatchObject({ code: 'LEDGER_TIMEOUT' })
})

test('an operation that ends the engine twice fails, and the next one finds the engine running', async () => {
  await using folder = await openTempDir()
  await using store = await openTestStore(folder.path)
  await store.run('append', { writer: 'a', n: 1 })
  const crash = store.run('crash')
  const waiting = store.run('lines', { writer: 'a' })
  await expect(crash).rejects.toMatchObject({
    code: 'LEDGER_FAILED',
    message: 'The embedded store stopped twice in crash.',
  })
  expect(await waiting).toEqual([1])
})

test('ten restarts of the engine give its memory back', async () => {
  await using folder = await openTempDir()
  await using store = await openTestStore(folder.path)
  const crash = async (times: number): Promise<number> => {
    for (let time = 0; time < times; time += 1) await store.run('crash').catch(() => undefined)
    await store.run('lines', { writer: 'a' })
    return process.memoryUsage().rss
  }
  const before = await crash(1)
  expect((await crash(4)) - before).toBeLessThan(400 << 20)
})

test('reads are answered while many writes wait', async () => {
  await using folder = await openTempDir()
  await using store = await openTestStore(folder.path)
  let written = 0
  const writes = Array.from({ length: 40 }, (_, index) =>
    store.run('fill', { writer: 'w', rows: 200, from: index * 200 }).then(() => (written += 1)),
  )
  await Promise.race(writes)
  const start = performance.now()
  for (let read = 0; read < 5; read += 1) await store.run('lines', { writer: 'r' })
  expect(written).toBeLessThan(20)
  expect(performance.now() - start).toBeLessThan(2000)
  await Promise.all(writes)
})

test('a failure tells neither values nor SQL, to the caller or to the log', async () => {
  await using folder = await openTempDir()
  const log = listeningLog()
  await using store = await openTestStore(folder.path, { log })
  const error = await store.run('refuse', { value: 'top-secret' }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'LEDGER_FAILED', message: 'The ledger failed in refuse.' })
  expect(log.lines.filter((line) => line.includes('failed'))).toEqual([
    'a ledger operation failed {"operation":"refuse","sqlState":"22P02","routine":"pg_strtoint32_safe"}',
  ])
  expect(log.lines.join()).not.toMatch(/top-secret|select/)
})

test('dead rows are vacuumed soon after writing stops', async () => {
  await using folder = await openTempDir()
  await using store = await openTestStore(folder.path)
  await store.run('fill', { writer: 'a', rows: 1000, from: 1 })
  await store.run('erase', { writer: 'a' })
  await expect.poll(() => store.run('measure'), { timeout: 8000, interval: 500 }).toMatchObject({ dead: 0 })
})

test('the log is checkpointed while writing goes on, and does not grow for ever', async () => {
  await using folder = await openTempDir()
  await using store = await openTestStore(folder.path)
  for (let batch = 0; batch < 40; batch += 1) await store.run('fill', { writer: 'a', rows: 2000, from: batch * 2000 })
  const { logged } = (await store.run('measure')) as { logged: number }
  expect(logged).toBeLessThan(80 << 20)
  const log = join(folder.path, 'data', 'pg_wal')
  const bytes = readdirSync(log).reduce((sum, name) => sum + statSync(join(log, name)).size, 0)
  expect(bytes).toBeLessThan(160 << 20)
})

test('closing takes less than a second even while the engine is busy, and leaves no socket', async () => {
  await using folder = await openTempDir()
  const store = await openTestStore(folder.path, { rules: { spin: { lane: 'read' } } })
  const spin = store.run('spin').catch((error: unknown) => error)
  await sleep(100)
  const start = performance.now()
  await store[Symbol.asyncDispose]()
  expect(performance.now() - start).toBeLessThan(1500)
  expect(await spin).toMatchObject({ code: 'CANCELLED' })
  expect(existsSync(join(folder.path, 'owner.sock'))).toBe(false)
  await expect(store.run('lines', { writer: 'a' })).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('a process that closed its store ends by itself, and one that only opened it is not kept alive', async () => {
  await using folder = await openTempDir()
  const process = await startStoreProcess(folder.path)
  expect(await process.close()).toBeLessThan(1500)
})

test('opening can be cancelled', async () => {
  await using folder = await openTempDir()
  const opening = openTestStore(folder.path, { signal: AbortSignal.timeout(100), log: silentLog })
  await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' })
  await using store = await openTestStore(folder.path)
  expect(await store.run('lines', { writer: 'a' })).toEqual([])
})
