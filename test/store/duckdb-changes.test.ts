import { utimesSync } from 'node:fs'
import { rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'

import { lakeLimits, openLake, type Lake } from '../kit/lake.ts'

test('equal files have equal watermarks, and only the files of its tables move one', async () => {
  await using lake = await openLake({ 'a.csv': 'x\n1\n', 'b.csv': 'x\n1\n', 'part/1.csv': 'x\n1\n' })
  const [a, b, part] = await Promise.all(['a', 'b', 'part'].map((table) => lake.watermark(`from ${table}`)))
  expect(new Set([a, b, part]).size).toBe(3)
  expect(await lake.watermark('select sum(x) from a where x > 0')).toBe(a)
  await lake.write('a.csv', 'x\n2\n')
  expect(await lake.rows('from a')).toEqual([[2]])
  expect(await lake.watermark('from a')).not.toBe(a)
  expect(await lake.watermark('from b')).toBe(b)
  await lake.write('part/2.csv', 'x\n5\n')
  expect(await lake.rows('select sum(x) from part')).toEqual([[6]])
  expect(await lake.watermark('from part')).not.toBe(part)
  expect(await lake.watermark('from a, b')).toBe(await lake.watermark('from b union all from a'))
})

test('the watermark is of the content, not of where it is', async () => {
  const at = new Date('2024-01-31T10:00:00Z')
  const marks = []
  for (const text of ['x\n1\n', 'x\n1\n', 'x\n21\n']) {
    await using lake = await openLake({ 'a.csv': text })
    await utimes(join(lake.path, 'a.csv'), at, at)
    marks.push(await lake.watermark('from a'))
  }
  expect(marks[0]).toBe(marks[1])
  expect(marks[0]).not.toBe(marks[2])
})

test('tables come and go, and change their columns, from one statement to the next', async () => {
  await using lake = await openLake({ 'a.csv': 'x\n1\n' })
  expect(await lake.failure('from b')).toMatch('METRIC_TABLE_UNKNOWN')
  await lake.write('deep/b.csv', 'x\n1\n')
  expect(await lake.rows('from b')).toEqual([[1]])
  await lake.write('deep/b.csv', 'y,z\nq,2024-01-31\n')
  expect(await lake.rows('select z, y from b')).toEqual([['2024-01-31', 'q']])
  expect(await lake.failure('select x from b')).toBe('METRIC_SQL_FAILED Connection lake: there is no column x')
  await rm(join(lake.path, 'deep'), { recursive: true })
  expect(await lake.failure('from b')).toMatch('METRIC_TABLE_UNKNOWN')
  await lake.copy('select 1 as x', 'a.parquet')
  expect(await lake.failure('from a')).toBe(
    'METRIC_TABLE_AMBIGUOUS Connection lake: table a could be a.csv or a.parquet',
  )
})

/** Reads the files of table `part` one after the other, which takes about a second. */
const slow = `select sum(length(md5(v || x || md5(md5(x))))) > 0, sum(v) from part`

async function openParts(): Promise<Lake> {
  const lake = await openLake({}, { threads: 1 })
  const text = `v,x\n${'1,abc\n'.repeat(60_000)}`
  for (let i = 10; i < 30; i += 1) await lake.write(`part/${String(i)}.csv`, text)
  return lake
}

test('a file that is replaced while others are read does not give rows of both under one watermark', async () => {
  await using lake = await openParts()
  const before = await lake.watermark('from part limit 0')
  const answer = lake.engine.run({ sql: slow, values: [] }, { limits: lakeLimits, tables: ['part'] })
  await sleep(100)
  await lake.write('part/29.csv', 'v,x\n2,abc\n')
  const { rows, watermark } = await answer
  expect(rows).toEqual([[true, 19 * 60_000 + 2]])
  expect(watermark).not.toBe(before)
  expect(watermark).toBe(await lake.watermark('from part limit 0'))
})

test('files that do not stop changing are said to, and nothing else is', async () => {
  await using lake = await openParts()
  const writer = setInterval(() => utimesSync(join(lake.path, 'part/29.csv'), new Date(), new Date()), 20)
  try {
    expect(await lake.failure(slow)).toBe(
      'METRIC_DATA_CHANGING Connection lake: its files were written while they were read',
    )
  } finally {
    clearInterval(writer)
  }
})
