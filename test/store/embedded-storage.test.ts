import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { openTestStore } from '../kit/embedded-store.ts'
import { openTempDir } from '../kit/temp-dir.ts'
import { openTempDisk } from '../kit/temp-disk.ts'

// Every opening compiles a database engine: seconds where many programs share few cores.
vi.setConfig({ testTimeout: 240_000 })

test('a store is made from a seed, the seed is made when it is missing or damaged, and neither is open to others', async () => {
  await using folder = await openTempDir()
  const cacheDir = join(folder.path, 'cache')
  const open = async (name: string): Promise<void> => {
    await using store = await openTestStore(join(folder.path, name), { cacheDir })
    await store.run('append', { writer: name, n: 1 })
  }
  await open('first')
  const [name = ''] = readdirSync(cacheDir)
  const seed = join(cacheDir, name)
  const made = readFileSync(seed)
  await open('second')
  truncateSync(seed, 100_000)
  await open('third')
  expect(statSync(seed).size).toBeGreaterThan(made.length / 2)
  const modes = [cacheDir, join(folder.path, 'first'), join(folder.path, 'first', 'data')].map(
    (path) => statSync(path).mode,
  )
  expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['700', '700', '700'])
})

test('a creation that was cut short is begun again', async () => {
  await using folder = await openTempDir()
  const partial = join(folder.path, 'data.new')
  mkdirSync(join(partial, 'base'), { recursive: true })
  writeFileSync(join(partial, 'PG_VERSION'), '18\n')
  await using store = await openTestStore(folder.path)
  await store.run('append', { writer: 'a', n: 1 })
  expect(existsSync(partial)).toBe(false)
})

test.for([
  { version: '19', code: 'LEDGER_NEWER', says: 'was written by Postgres 19' },
  { version: '17', code: 'LEDGER_OLDER', says: 'was written by Postgres 17' },
  { version: '', code: 'LEDGER_DAMAGED', says: 'is not a database' },
])('a folder with version "$version" of Postgres is refused as $code', async ({ version, code, says }) => {
  await using folder = await openTempDir()
  mkdirSync(join(folder.path, 'data'))
  writeFileSync(join(folder.path, 'data', 'PG_VERSION'), version)
  await expect(openTestStore(folder.path)).rejects.toMatchObject({ code, message: expect.stringContaining(says) })
  expect(readdirSync(join(folder.path, 'data'))).toEqual(['PG_VERSION'])
})

test('a store whose files are damaged says how to go on', async () => {
  await using folder = await openTempDir()
  await using store = await openTestStore(folder.path)
  await store[Symbol.asyncDispose]()
  rmSync(join(folder.path, 'data', 'global', 'pg_control'))
  await expect(openTestStore(folder.path)).rejects.toMatchObject({
    code: 'LEDGER_DAMAGED',
    message: `The embedded store in ${folder.path} cannot be opened.`,
    fix: expect.stringContaining('aquifer restore FILE'),
  })
})

test('a folder that cannot be written is named', async (context) => {
  await using disk = await openTempDisk(context, '1m')
  disk.remount('ro')
  for (const dir of [disk.path, join(disk.path, 'below')]) {
    await expect(openTestStore(dir)).rejects.toMatchObject({
      code: 'DIR_NOT_WRITABLE',
      message: expect.stringContaining(`The embedded store cannot be written in ${dir}`),
    })
  }
})

test('a path where no folder can be made is named', async () => {
  await using folder = await openTempDir()
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  for (const dir of [file, join(file, 'below'), '/proc/nothing/here']) {
    await expect(openTestStore(dir)).rejects.toMatchObject({ code: 'DIR_NOT_WRITABLE' })
  }
})

test('a disk that is full when the store is made says so, and the store is made when there is room', async (context) => {
  await using disk = await openTempDisk(context, '80m')
  const ballast = join(disk.path, 'ballast')
  writeFileSync(ballast, Buffer.alloc(70 << 20))
  const dir = join(disk.path, 'store')
  await expect(openTestStore(dir)).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect(existsSync(join(dir, 'data.new'))).toBe(false)
  rmSync(ballast)
  await using store = await openTestStore(dir)
  await store.run('append', { writer: 'a', n: 1 })
})

test('a disk that fills up under writes says so, loses nothing, and the store goes on when there is room', async (context) => {
  await using disk = await openTempDisk(context, '120m')
  await using store = await openTestStore(join(disk.path, 'store'))
  const ballast = join(disk.path, 'ballast')
  writeFileSync(ballast, Buffer.alloc(60 << 20))
  let written = 0
  const failure = await (async () => {
    for (;;) {
      await store.run('fill', { writer: 'a', rows: 500, from: written + 1 })
      written += 500
    }
  })().catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'DISK_FULL' })
  await expect(store.run('fill', { writer: 'a', rows: 5000, from: 1_000_000 })).rejects.toMatchObject({
    code: 'DISK_FULL',
  })
  rmSync(ballast)
  await expect.poll(() => store.run('append', { writer: 'b', n: 1 }), { timeout: 5000 }).toBeUndefined()
  const lines = (await store.run('lines', { writer: 'a' })) as number[]
  expect(lines).toHaveLength(written)
})
