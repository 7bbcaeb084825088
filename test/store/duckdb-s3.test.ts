import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

import { closedPort } from '../kit/closed-port.ts'
import { openAsking, type Asking } from '../kit/lake.ts'
import { openTestBucket, type TestBucket } from '../kit/s3.ts'
import { openTempDir, type TempDir } from '../kit/temp-dir.ts'

/** An engine over the objects below `shop/` of the bucket. */
async function open({ url, name }: TestBucket, dir: TempDir, s3: object = {}, more: object = {}): Promise<Asking> {
  const { origin, username, password } = new URL(url)
  const keys = { accessKeyId: { env: 'KEY' }, secretAccessKey: { env: 'SECRET' } }
  const options = { s3: { bucket: name, prefix: 'shop', endpoint: origin, ...keys, ...s3 }, ...more }
  return openAsking(options, dir.path, { KEY: username, SECRET: password })
}

const cacheOf = (dir: TempDir, name: 'objects' | 'parts'): string => join(dir.path, 'engines', 'lake', name)

async function copies(dir: TempDir): Promise<{ readonly count: number; readonly bytes: number }> {
  const files = await readdir(cacheOf(dir, 'objects'), { withFileTypes: true, recursive: true })
  const sizes = files.flatMap((file) => (file.isFile() ? [stat(join(file.parentPath, file.name))] : []))
  const all = await Promise.all(sizes)
  return { count: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0) }
}

/** CSV of about so many bytes, whose sum is `n`. */
const csv = (n: number, bytes: number): string => `x,pad\n${String(n)},${'p'.repeat(bytes)}\n`

test('objects of a bucket are tables by the names of files, folders and patterns', async () => {
  await using bucket = await openTestBucket()
  await using dir = await openTempDir()
  await bucket.put('shop/orders.csv.gz', gzipSync('id,amount\n1,2.5\n2,\n'))
  await bucket.put('shop/visits/year=2023/a.csv', 'n\n1\n')
  await bucket.put('shop/visits/year=2024/a.csv', 'n\n2\n')
  await bucket.put('shop/logs/1.ndjson', '{"a":1}\n')
  await bucket.put('shop/_tmp/orders.csv', 'x\n')
  await bucket.put('other/orders.csv', 'x\n')
  await using lake = await open(bucket, dir, {}, { tables: { log: 'logs/*' } })
  expect(await lake.rows('select id, amount from orders order by id')).toEqual([
    [1, 2.5],
    [2, null],
  ])
  expect(await lake.rows('select n, year from visits order by n')).toEqual([
    [1, 2023],
    [2, 2024],
  ])
  expect(await lake.rows('select a from log union all select id from "orders.csv.gz" order by 1')).toEqual([
    [1],
    [1],
    [2],
  ])
  expect(await lake.failure('from order_s')).toBe(
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table order_s; did you mean orders?',
  )
  expect(await lake.engine.check?.()).toEqual([])
})

test('an object that changes is read anew, with another watermark; one that stays is not fetched again', async () => {
  await using bucket = await openTestBucket()
  await using dir = await openTempDir()
  await bucket.put('shop/a.csv', 'x\n1\n')
  await bucket.put('shop/b.csv', 'x\n10\n')
  await using lake = await open(bucket, dir)
  const before = { a: await lake.watermark('from a'), b: await lake.watermark('from b') }
  await using again = await open(bucket, dir)
  expect(await again.watermark('from a')).toBe(before.a)
  expect(await copies(dir)).toMatchObject({ count: 2 })
  await bucket.put('shop/a.csv', 'x\n2\n')
  await bucket.put('shop/c.csv', 'x\n3\n')
  expect(await lake.rows('from c')).toEqual([[3]])
  expect(await lake.rows('from a')).toEqual([[2]])
  expect(await lake.watermark('from a')).not.toBe(before.a)
  expect(await lake.watermark('from b')).toBe(before.b)
  expect(await copies(dir)).toMatchObject({ count: 4 })
  await bucket.put('shop/b.csv', 'x\n11\n')
  await sleep(1100)
  expect(await lake.rows('from b')).toEqual([[11]])
})

test('an object that goes away between its listing and its reading is gone, not half there', async () => {
  await using bucket = await openTestBucket()
  await using dir = await openTempDir()
  await bucket.put('shop/a.csv', 'x\n1\n')
  await bucket.put('shop/b.csv', 'x\n1\n')
  await using lake = await open(bucket, dir)
  expect(await lake.rows('from a')).toEqual([[1]])
  await bucket.remove('shop/b.csv')
  expect(await lake.failure('from b')).toBe(
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table b; did you mean a?',
  )
})

test('copies stay within the cache, those used last', async () => {
  await using bucket = await openTestBucket()
  await using dir = await openTempDir()
  for (const n of [1, 2, 3, 4]) await bucket.put(`shop/t${String(n)}.csv`, csv(n, 4000))
  await using lake = await open(bucket, dir, { cache: '10KB' })
  for (const n of [1, 2, 3, 4, 1]) {
    expect(await lake.rows(`select sum(x) from t${String(n)}`)).toEqual([[n]])
    expect((await copies(dir)).bytes).toBeLessThanOrEqual(10_000)
  }
  expect(await copies(dir)).toMatchObject({ count: 2 })
  expect(await lake.failure('from t1, t2, t3')).toBe(
    'METRIC_TOO_LARGE Connection lake: its cache has no room for the files of the tables',
  )
  expect(await lake.rows('select t2.x + t3.x from t2, t3')).toEqual([[5]])
})

test('engines that share a cache do not get in each other’s way', async () => {
  await using bucket = await openTestBucket()
  await using dir = await openTempDir()
  const tables = Array.from({ length: 12 }, (_, n) => n)
  for (const n of tables) await bucket.put(`shop/t${String(n)}.csv`, csv(n, 20_000))
  const engines = await Promise.all([1, 2, 3].map(() => open(bucket, dir, { cache: '130KB' })))
  const rounds = await Promise.all(
    engines.flatMap((lake) => tables.map((n) => lake.rows(`select sum(x) from t${String(n)}`))),
  )
  expect(rounds).toEqual([...tables, ...tables, ...tables].map((n) => [[n]]))
  expect((await copies(dir)).bytes).toBeLessThanOrEqual(130_000)
  expect(await readdir(cacheOf(dir, 'parts'))).toEqual([])
  for (const lake of engines) await lake[Symbol.asyncDispose]()
})

test('what a killed process left of its downloads is removed, and its lock does not stay', async () => {
  await using bucket = await openTestBucket()
  await using dir = await openTempDir()
  await bucket.put('shop/a.csv', 'x\n1\n')
  await mkdir(cacheOf(dir, 'parts'), { recursive: true })
  const killed = `${hostname()}~999999999~abcdef01~900`
  await writeFile(join(cacheOf(dir, 'parts'), killed), 'half')
  const lock = `${cacheOf(dir, 'objects')}.lock`
  await writeFile(lock, '')
  await utimes(lock, new Date(0), new Date(0))
  await using lake = await open(bucket, dir, { cache: '1KB' })
  expect(await lake.rows('from a')).toEqual([[1]])
  expect(await readdir(cacheOf(dir, 'parts'))).toEqual([])
})

test('a copy that somebody removed is fetched again', async () => {
  await using bucket = await openTestBucket()
  await using dir = await openTempDir()
  await bucket.put('shop/a.csv', 'x\n1\n')
  await using lake = await open(bucket, dir)
  expect(await lake.rows('from a')).toEqual([[1]])
  for (const name of await readdir(cacheOf(dir, 'objects')))
    await rm(join(cacheOf(dir, 'objects'), name), { recursive: true })
  expect(await lake.rows('from a')).toEqual([[1]])
})

test('nothing but the copies can be read', async () => {
  await using bucket = await openTestBucket()
  await using dir = await openTempDir()
  await bucket.put('shop/a.csv', 'x\n1\n')
  await using lake = await open(bucket, dir)
  expect(await lake.failure(`from read_csv('s3://${bucket.name}/shop/a.csv')`)).toBe(
    'METRIC_SQL_FAILED Connection lake: the statement reads from read_csv(); files are named as tables',
  )
  expect(await lake.failure("from '/etc/passwd'")).toMatch('METRIC_TABLE_UNKNOWN')
})

test('a bucket that is not there, and a store that is not, are told apart', async () => {
  await using bucket = await openTestBucket()
  await using dir = await openTempDir()
  await using none = await open(bucket, dir, { bucket: 'aquifer-test-none' })
  expect(await none.failure('select 1')).toBe('METRIC_ENGINE_UNREACHABLE Connection lake: there is no such bucket')
  await using away = await open(bucket, dir, { endpoint: `http://127.0.0.1:${String(await closedPort())}` })
  expect(await away.failure('select 1')).toBe('METRIC_ENGINE_UNREACHABLE Connection lake: its bucket cannot be reached')
})
