import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { failureText, lakeLimits, openLake, type Lake } from '../kit/lake.ts'

const million = 1_000_000
/** Runs for minutes, in many small steps. */
const endless = 'select sum(a.range * b.range % 7) from range(1000000) a, range(1000000) b'

let lake: Lake
beforeAll(async () => {
  lake = await openLake({ 'one.csv': 'x\n1\n' }, { memory: '300MB', spill: '1MB' })
  await lake.copy(
    `select range as id, range % 1000 as k, 'text number ' || range as t, random() as x from range(${String(3 * million)})`,
    'big.parquet',
  )
})
afterAll(() => lake[Symbol.asyncDispose]())

const run = (sql: string, limits: Partial<typeof lakeLimits> = {}, signal?: AbortSignal) =>
  lake.engine.run({ sql, values: [] }, { limits: { ...lakeLimits, ...limits }, tables: [], signal })

test('three million rows stay inside the caps of rows, bytes and memory, and it is said', async () => {
  await run('select * from big limit 1')
  const before = process.memoryUsage().rss
  const byRows = await run('select * from big', { rows: 5000, bytes: 100 * million })
  expect(byRows.rows).toHaveLength(5000)
  expect(byRows.truncated).toBe(true)
  const byBytes = await run('select * from big', { rows: 5 * million, bytes: million })
  expect(byBytes.truncated).toBe(true)
  expect(JSON.stringify(byBytes.rows).length).toBeLessThan(1.1 * million)
  expect(JSON.stringify(byBytes.rows).length).toBeGreaterThan(0.8 * million)
  const sorted = await run('select id from big order by id desc', { rows: 2 })
  expect(sorted).toMatchObject({ rows: [[3 * million - 1], [3 * million - 2]], truncated: true })
  expect(process.memoryUsage().rss - before).toBeLessThan(500 * million)
})

test('as many rows as the cap are not cut short', async () => {
  expect(await run('select * from range(2048)', { rows: 2048 })).toMatchObject({ truncated: false })
  const cut = await run('select * from range(2049)', { rows: 2048 })
  expect([cut.rows.length, cut.truncated]).toEqual([2048, true])
  expect(await run('select * from range(0)', { rows: 0 })).toMatchObject({ rows: [], truncated: false })
  expect((await run("select repeat('x', 2000000)", { rows: 5 })).rows).toEqual([])
})

test('a statement that takes too long is stopped in the database', async () => {
  const started = performance.now()
  expect(await lake.failure(endless, { timeoutMs: 300 })).toBe(
    'METRIC_TIMEOUT Connection lake: no answer within 0.3 s.',
  )
  expect(performance.now() - started).toBeLessThan(2000)
  expect(await run('select count(*) from one')).toMatchObject({ rows: [[1]] })
})

test('more statements than run at once are stopped too, and none is left behind', async () => {
  const failures = await Promise.all(Array.from({ length: 8 }, () => lake.failure(endless, { timeoutMs: 400 })))
  expect(new Set(failures)).toEqual(new Set(['METRIC_TIMEOUT Connection lake: no answer within 0.4 s.']))
  const started = performance.now()
  expect(await run('select count(*) from one')).toMatchObject({ rows: [[1]] })
  expect(performance.now() - started).toBeLessThan(2000)
})

test('a caller who goes away ends the statement', async () => {
  const controller = new AbortController()
  const answer = run(endless, {}, controller.signal).then(() => 'answered', failureText)
  setTimeout(() => controller.abort(), 200)
  expect(await answer).toBe('CANCELLED The query was stopped.')
  expect(await run(endless, {}, AbortSignal.abort()).then(() => 'answered', failureText)).toBe(
    'CANCELLED The query was stopped.',
  )
  expect(await run('select sum(x) from one')).toMatchObject({ rows: [[1]] })
})

const tooLarge = 'METRIC_TOO_LARGE Connection lake: the statement needs more memory than `memory` allows'
/** Takes about 90 MB. */
const large = "select count(distinct t || repeat('p', 200)) from big where id < 400000"

test('a statement that needs more memory than allowed fails, and the next one works', async () => {
  expect(await lake.failure('select list(repeat(t, 10)) from big')).toBe(tooLarge)
  expect(await run('select count(*), max(k) from big')).toMatchObject({ rows: [[3 * million, 999]] })
})

test('what does not fit into memory is written beside it, as far as allowed, and removed with the engine', async () => {
  const options = { path: lake.path, memory: '60MB', threads: 1 }
  await using little = await openLake({}, { ...options, spill: '1MB' })
  expect(await little.failure(large)).toBe(tooLarge)
  await using enough = await openLake({}, { ...options, spill: '1GB' })
  expect(await enough.rows(large)).toEqual([[400_000]])
  const spill = join(enough.state, 'engines', 'lake', 'spill')
  expect(await readdir(spill)).toHaveLength(1)
  await enough.engine[Symbol.asyncDispose]()
  expect(await readdir(spill)).toEqual([])
})

test('an engine that is closed ends what runs', async () => {
  const other = await openLake({ 'one.csv': 'x\n1\n' })
  const answer = other.failure(endless)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await other[Symbol.asyncDispose]()
  expect(await answer).toBe('CANCELLED Connection lake was closed.')
})

test('statements of several callers run side by side', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, k) => run(`select count(*) from big where k = ${String(k)}`)),
  )
  expect(answers.map(({ rows }) => rows[0]?.[0])).toEqual(Array.from({ length: 12 }, () => 3000))
})
