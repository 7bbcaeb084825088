import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { startStoreProcess, type StoreProcess } from '../kit/embedded-process.ts'
import { openTestStore } from '../kit/embedded-store.ts'
import { openTempDir } from '../kit/temp-dir.ts'

// Every opening compiles a database engine: seconds where many programs share few cores.
vi.setConfig({ testTimeout: 240_000 })

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function startMany(dir: string, count: number): Promise<StoreProcess[] & AsyncDisposable> {
  const processes = await Promise.all(Array.from({ length: count }, () => startStoreProcess(dir)))
  return Object.assign(processes, {
    [Symbol.asyncDispose]: async () => void (await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()))),
  })
}

async function ownerOf(processes: readonly StoreProcess[]): Promise<StoreProcess> {
  const reports = await Promise.all(processes.map(async (each) => ({ each, ...(await each.report()) })))
  const owners = reports.filter(({ owner }) => owner)
  expect(owners).toHaveLength(1)
  const [found] = owners
  if (found === undefined) throw new Error('nobody owns the store')
  return found.each
}

async function startBoth(each: StoreProcess): Promise<void> {
  await each.startWriting(`writer ${String(each.pid)}`)
  await each.startReading(`writer ${String(each.pid)}`)
}

/** A line whose answer got lost may be there too, after those that were acknowledged. */
async function expectLines(by: StoreProcess, pid: number, acknowledged: number): Promise<void> {
  const lines = (await by.run('lines', { writer: `writer ${String(pid)}` })) as number[]
  expect(lines.slice(0, acknowledged)).toEqual(oneTo(acknowledged))
}

const oneTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1)

test('of six processes that open a new store at once, one owns it and all write to it', async () => {
  await using folder = await openTempDir()
  await using processes = await startMany(folder.path, 6)
  await ownerOf(processes)
  await Promise.all(processes.map((each, index) => each.run('append', { writer: 'all', n: index + 1 })))
  expect(await processes[3]?.run('lines', { writer: 'all' })).toEqual([1, 2, 3, 4, 5, 6])
})

/** Two seconds, or what twice opening this store takes on a machine that has much else to do. */
async function patienceMs(dir: string): Promise<number> {
  const start = performance.now()
  const { [Symbol.asyncDispose]: close } = await openTestStore(dir)
  const openMs = performance.now() - start
  await close()
  return Math.max(2000, openMs * 2 + 500)
}

test('when the owner is killed while others write, no acknowledged line is lost and nobody waits two seconds', async () => {
  await using folder = await openTempDir()
  await (await openTestStore(folder.path))[Symbol.asyncDispose]()
  const patience = await patienceMs(folder.path)
  await using processes = await startMany(folder.path, 3)
  const owner = await ownerOf(processes)
  const others = processes.filter((each) => each !== owner)
  await Promise.all(processes.map(startBoth))
  await sleep(700)
  const before = await owner.report()
  await owner.kill()
  await Promise.all(others.map((each) => each.run('lines', { writer: 'nobody' })))
  await sleep(500)
  await ownerOf(others)
  for (const each of others) {
    const { acknowledged, longestReadMs, longestWriteMs, errors } = await each.report()
    expect(errors).toEqual([])
    await expectLines(each, each.pid, acknowledged)
    await expectLines(each, owner.pid, before.acknowledged)
    expect(longestReadMs).toBeLessThan(patience)
    expect(longestWriteMs).toBeLessThan(patience + 500)
  }
})

test('when the owner closes the store, another takes over and nothing that was asked is lost', async () => {
  await using folder = await openTempDir()
  await using processes = await startMany(folder.path, 3)
  const owner = await ownerOf(processes)
  const others = processes.filter((each) => each !== owner)
  await Promise.all(others.map((each) => each.startWriting(`writer ${String(each.pid)}`)))
  await sleep(300)
  expect(await owner.close()).toBeLessThan(1500)
  await Promise.all(others.map((each) => each.run('append', { writer: 'last', n: each.pid })))
  await ownerOf(others)
  for (const each of others) {
    const { acknowledged, errors } = await each.report()
    expect(errors).toEqual([])
    await expectLines(each, each.pid, acknowledged)
  }
})

test('an owner killed again and again under load loses no acknowledged line', { timeout: 900_000 }, async () => {
  const cycles = Number(process.env['AQUIFER_KILLS'] ?? 10)
  await using folder = await openTempDir()
  await (await openTestStore(folder.path))[Symbol.asyncDispose]()
  const patience = await patienceMs(folder.path)
  await using processes = await startMany(folder.path, 3)
  await Promise.all(processes.map(startBoth))
  let longestReadMs = 0
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await sleep(100 + Math.random() * 400)
    const owner = await ownerOf(processes)
    const { acknowledged } = await owner.report()
    await sleep(Math.random() * 50)
    await owner.kill()
    for (const other of processes.filter((each) => each !== owner)) {
      await expectLines(other, owner.pid, acknowledged)
      longestReadMs = Math.max(longestReadMs, (await other.report()).longestReadMs)
    }
    const next = await startStoreProcess(folder.path)
    processes.splice(processes.indexOf(owner), 1, next)
    await startBoth(next)
  }
  for (const each of processes) {
    const { acknowledged, errors } = await each.report()
    expect(errors).toEqual([])
    await expectLines(each, each.pid, acknowledged)
  }
  console.log(`killed ${String(cycles)} owners; the longest read took ${String(Math.round(longestReadMs))} ms`)
  expect(longestReadMs).toBeLessThan(patience)
})

test('an owner that stands still is named, and serves again when it goes on', async () => {
  await using folder = await openTempDir()
  await using owner = await startStoreProcess(folder.path)
  await using store = await openTestStore(folder.path)
  await store.run('append', { writer: 'a', n: 1 })
  owner.signal('SIGSTOP')
  await expect(store.run('append', { writer: 'a', n: 2 })).rejects.toMatchObject({
    code: 'LEDGER_BUSY',
    message: `process ${String(owner.pid)} owns the embedded store and does not answer.`,
  })
  await expect(openTestStore(folder.path)).rejects.toMatchObject({ code: 'LEDGER_BUSY' })
  owner.signal('SIGCONT')
  await store.run('append', { writer: 'a', n: 3 })
  // Whether the second line arrived is open: its writer was told that nobody answered.
  expect(await owner.run('lines', { writer: 'a' })).toEqual(expect.arrayContaining([1, 3]))
})

test('a process of another version is told who holds the store', async () => {
  await using folder = await openTempDir()
  await using owner = await startStoreProcess(folder.path)
  await expect(startStoreProcess(folder.path, '2.0.0')).rejects.toMatchObject({
    code: 'LEDGER_BUSY',
    message: `Process ${String(owner.pid)} owns the embedded store and runs Aquifer 1.0.0, this is 2.0.0.`,
  })
})

test('an owner whose lock was lost, because its process closed the lock file, is found all the same', async () => {
  await using folder = await openTempDir()
  await using store = await openTestStore(folder.path)
  closeSync(openSync(join(folder.path, 'owner.lock'), 'r'))
  await using other = await startStoreProcess(folder.path)
  await other.run('append', { writer: 'a', n: 1 })
  expect((await other.report()).owner).toBe(false)
  expect(await store.run('lines', { writer: 'a' })).toEqual([1])
})

test('a folder whose path is too long for a socket is shared through the temporary folder', async () => {
  await using folder = await openTempDir()
  const dir = join(folder.path, 'a-folder-with-a-long-name-'.repeat(4))
  await using owner = await startStoreProcess(dir)
  await using store = await openTestStore(dir)
  await store.run('append', { writer: 'a', n: 1 })
  expect(await owner.run('lines', { writer: 'a' })).toEqual([1])
  expect((await owner.report()).owner).toBe(true)
})
