import { execFile } from 'node:child_process'
import { rename, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

import { openAsking, openLake, runDuckDb, type Asking } from '../kit/lake.ts'
import { openTempDir, type TempDir } from '../kit/temp-dir.ts'

const run = promisify(execFile)
const shop = `create table orders as select range as id, range * 2.5 as amount from range(10);
  create schema mart; create view mart.total as select sum(amount) as total from orders`

interface Shop extends Asking {
  readonly dir: TempDir
  readonly file: string
}

async function openShop(): Promise<Shop> {
  const dir = await openTempDir()
  const file = join(dir.path, 'shop.duckdb')
  await runDuckDb(shop, file)
  const asking = await openAsking({ path: file }, join(dir.path, 'state'))
  return {
    ...asking,
    dir,
    file,
    [Symbol.asyncDispose]: async () => {
      await asking[Symbol.asyncDispose]()
      await dir[Symbol.asyncDispose]()
    },
  }
}

/** Writes to the file from another process, as whoever loads it does; what it fails with, or ''. */
async function writeElsewhere(
  file: string,
  sql: string,
  { thenWaitMs = 0, onWritten = () => {} }: { readonly thenWaitMs?: number; readonly onWritten?: () => void } = {},
): Promise<string> {
  const program = `const { DuckDBInstance } = await import('@duckdb/node-api')
    const instance = await DuckDBInstance.create(process.argv[1])
    const connection = await instance.connect()
    await connection.run(process.argv[2])
    console.log('written')
    await new Promise((resolve) => setTimeout(resolve, Number(process.argv[3])))`
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  const args = ['--input-type=module', '--eval', program, file, sql, String(thenWaitMs)]
  const writing = run(process.execPath, args, { cwd })
  writing.child.stdout?.once('data', onWritten)
  return writing.then(
    () => '',
    (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)),
  )
}

test('tables, views and schemas of a database file answer, and nothing else of it does', async () => {
  await using shop = await openShop()
  expect(await shop.rows('select count(*), sum(amount) from orders where id > $1', [4])).toEqual([[5, 87.5]])
  expect(await shop.rows('select total from mart.total, "main"."orders" limit 1')).toEqual([[112.5]])
  expect(await shop.engine.columns('mart.total')).toEqual([{ name: 'total', type: 'number' }])
  expect(await shop.engine.check?.()).toEqual([])
  expect(await shop.failure('from ordes')).toBe(
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table ordes; did you mean orders?',
  )
  expect(await shop.failure('from total')).toBe(
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table total; known: orders, mart.total',
  )
  expect(await shop.failure('from duckdb_tables')).toMatch('METRIC_TABLE_UNKNOWN')
  expect(await shop.failure('insert into orders values (1, 2)')).toMatch('METRIC_SQL_FAILED')
  expect(await shop.failure('select nope from orders')).toBe(
    'METRIC_SQL_FAILED Connection lake: there is no column nope',
  )
})

test('a writer has its turn between statements, and what it wrote is in the next answer', async () => {
  await using shop = await openShop()
  const before = await shop.watermark('select 1 from orders')
  expect(await shop.watermark('from mart.total')).toBe(before)
  await sleep(200)
  expect(await writeElsewhere(shop.file, 'insert into orders values (100, 1)')).toBe('')
  expect(await shop.rows('select count(*) from orders')).toEqual([[11]])
  expect(await shop.watermark('from orders')).not.toBe(before)
})

test('while another process writes the file, that is said', async () => {
  await using shop = await openShop()
  const written = Promise.withResolvers<void>()
  const writing = writeElsewhere(shop.file, 'insert into orders values (100, 1)', {
    thenWaitMs: 2000,
    onWritten: written.resolve,
  })
  await Promise.race([written.promise, writing])
  expect(await shop.failure('from orders')).toBe(
    'METRIC_ENGINE_BUSY Connection lake: another process writes its database file',
  )
  expect(await writing).toBe('')
  expect(await shop.rows('select count(*) from orders')).toEqual([[11]])
})

test('a file that is put in its place, also behind a link, is read by the next statement', async () => {
  await using shop = await openShop()
  expect(await shop.rows('select count(*) from orders')).toEqual([[10]])
  const next = join(shop.dir.path, 'next.duckdb')
  await runDuckDb('create table orders as select 1 as id; create table more as select 2 as x', next)
  const link = join(shop.dir.path, 'current.duckdb')
  await symlink(shop.file, link)
  await using linked = await openAsking({ path: link }, join(shop.dir.path, 'state'))
  expect(await linked.rows('select count(*) from orders')).toEqual([[10]])
  await unlink(link)
  await symlink(next, link)
  expect(await linked.rows('select count(*) from orders, more')).toEqual([[1]])
  await rename(next, shop.file)
  expect(await shop.rows('select count(*) from orders, more')).toEqual([[1]])
  expect(await linked.failure('from orders')).toBe(
    'METRIC_ENGINE_UNREACHABLE Connection lake: its path is not there (ENOENT)',
  )
})

test('statements that run at once see one file, and leave it afterwards', async () => {
  await using shop = await openShop()
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) => shop.rows(`select count(*) + ${String(i)} from orders`)),
  )
  expect(answers).toEqual(Array.from({ length: 10 }, (_, i) => [[10 + i]]))
  expect(await shop.failure('from orders, orders o, range(10000000)', { rows: 1, timeoutMs: 5000 })).toBe('answered')
  await sleep(200)
  expect(await writeElsewhere(shop.file, 'drop table if exists other')).toBe('')
})

test.for<[name: string, content: string, failure: string]>([
  [
    'x.duckdb',
    'not a database, whatever its name says',
    'METRIC_DATA_INVALID Connection lake: its file is no database of DuckDB, or one of a newer version',
  ],
  ['x.bin', 'neither', 'METRIC_DATA_INVALID Connection lake: its path is neither a folder nor a file of data'],
])('%s is no database', async ([name, content, failure]) => {
  await using dir = await openTempDir()
  await writeFile(join(dir.path, name), content)
  await using asking = await openAsking({ path: join(dir.path, name) }, dir.path)
  expect(await asking.failure('select 1')).toBe(failure)
})

test('a database file is known by its first bytes too', async () => {
  await using lake = await openLake({})
  await runDuckDb('create table t as select 7 as x', join(lake.path, 'warehouse'))
  await using asking = await openAsking({ path: join(lake.path, 'warehouse') }, lake.state)
  expect(await asking.rows('from t')).toEqual([[7]])
})
