import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NumbersTable, Receipt } from '../../schemas/numbers.ts'
import { openMetricsShop } from '../kit/metrics-shop.ts'
import { endOf, runJson, runProgram, startProgram, type Ended } from '../kit/program.ts'
import type { TempDir } from '../kit/temp-dir.ts'

let shop: TempDir
beforeAll(async () => {
  shop = await openMetricsShop()
})
afterAll(() => shop[Symbol.asyncDispose]())

const query = (...args: string[]): Promise<Ended> => runProgram(['metrics', 'query', ...args], { dir: shop.path })

test('metrics by month come as a table with totals and a drawing, and their proof', async () => {
  const { code, stdout } = await query('revenue,orders', '--by', 'metric_time__month', '--totals')
  expect(stdout.replace(/asked \S+ \S+ UTC/, 'asked T').replace(/data \S+\n/, 'data D\n')).toBe(`\
metric_time__month  revenue  orders
2026-01               30.50       2
2026-02                5.25       2
2026-04              101.00       2
───────────────────────────────────
total                136.75       6

revenue  ▃▁ █  lowest 5.25 (2026-02), highest 101.00 (2026-04)
orders   ▄▄ ▄  lowest 2 (2026-01), highest 2 (2026-01)

revenue v1, certified: Excludes what is open
orders v1, draft: no scope is declared
shop, asked T · times in UTC · checks not yet run · data D
Proof: --receipt FILE keeps the receipt; \`aquifer metrics verify FILE\` asks again.
`)
  expect(code).toBe(0)
})

test('a joined dimension, an order downwards, and text of the source that cannot write to the terminal', async () => {
  const { stdout } = await query('revenue', '--by', 'customer__name', '--order', '-revenue', '--limit', '2')
  expect(stdout).toMatch(/^customer__name +revenue\nCy \ufffd\[31mred +100\.00\nBo +25\.25\n\n/)
})

test('programs get columns, rows and a receipt; saved queries are asked by name', async () => {
  const answer = await runJson(['metrics', 'query', 'revenue_by_country'], { dir: shop.path })
  const { columns, rows, receipt, ...rest } = NumbersTable.parse(answer)
  expect(columns).toEqual([
    { name: 'customer__country', kind: 'dimension', type: 'text' },
    { name: 'revenue', kind: 'metric', type: 'number' },
  ])
  expect(rows).toEqual([
    ['fr', 100],
    ['us', 25.25],
    ['de', 10.5],
    [null, 1],
  ])
  expect(rest).toEqual({ truncated: false, total_rows: 4, notices: [] })
  expect(receipt.question.metrics).toEqual(['revenue'])
})

test('a refusal is JSON for programs and ready commands for people, and ends with 64 either way', async () => {
  const forPeople = await query('revenue', '--by', 'coutry', '--from', '2026')
  expect(forPeople.stdout).toMatch(
    /^Refused \(unreachable\): There is no coutry\.\nAsk instead:\n {2}aquifer metrics query revenue --by customer__country --from 2026\n/,
  )
  const forPrograms = await query('revenue', '--by', 'coutry', '--json')
  expect(JSON.parse(forPrograms.stdout)).toMatchObject({
    refusal: { reason: 'unreachable', nearest: expect.arrayContaining(['customer__country']) as unknown },
  })
  expect([forPeople.code, forPrograms.code]).toEqual([64, 64])
})

test('a word that two metrics go by comes back as a choice with the difference', async () => {
  const { code, stdout } = await query('sales', '--from', '2026-02', '--to', '2026-02')
  expect(stdout).toBe(`sales can mean any of these:

metric    value  status     what counts
revenue    5.25  certified  Excludes what is open
ordered  104.25  draft

ordered is 99 above revenue (95.0 % of it).
Ask for one:
  aquifer metrics query revenue --from 2026-02 --to 2026-02
  aquifer metrics query ordered --from 2026-02 --to 2026-02
`)
  expect(code).toBe(64)
})

test('an unknown metric, and a value that no row has, are answered with the nearest', async () => {
  const unknown = await query('revnue')
  expect(unknown).toMatchObject({ code: 66, stdout: '' })
  expect(unknown.stderr).toContain('METRIC_UNKNOWN: There is no metric revnue; did you mean revenue?')
  const nothing = await query('revenue', '--where', "customer__country = 'DE'")
  expect(nothing.stdout).toMatch(/^note: customer__country has no value DE; the nearest is de\.$/m)
})

test('CSV goes to stdout or a file, Parquet to a file, with every row', async () => {
  const csv = 'customer__country,revenue\r\nde,10.5\r\nfr,100\r\nus,25.25\r\n,1\r\n'
  expect(await query('revenue', '--by', 'customer__country', '--csv')).toMatchObject({
    code: 0,
    stdout: csv,
    stderr: '',
  })
  const files = await runJson<{ files: string[]; rows: number }>(
    ['metrics', 'query', 'revenue', '--by', 'customer__country', '--csv', 'out/r.csv', '--parquet', 'out/r.parquet'],
    { dir: shop.path },
  )
  expect(files).toMatchObject({ rows: 4, files: [join(shop.path, 'out/r.csv'), join(shop.path, 'out/r.parquet')] })
  expect(await readFile(join(shop.path, 'out/r.csv'), 'utf8')).toBe(csv)
  const mistaken = await query('--by', 'customer__country', '--csv', 'revenue')
  expect(mistaken).toMatchObject({ code: 64, stdout: '' })
  expect(mistaken.stderr).toContain('Is revenue a metric or the file of --csv?')
})

test('a receipt is verified: the same, then the data moved on; a changed one is refused', async () => {
  await query('revenue', '--by', 'metric_time__month', '--receipt', 'r.json')
  const verify = (file: string): Promise<Ended> => runProgram(['metrics', 'verify', file], { dir: shop.path })
  expect(await verify('r.json')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^✓ same: /) as unknown })
  const receipt = Receipt.parse(JSON.parse(await readFile(join(shop.path, 'r.json'), 'utf8')))
  await writeFile(join(shop.path, 'forged.json'), JSON.stringify({ receipt: { ...receipt, rows: 4 } }))
  expect(await verify('forged.json')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('RECEIPT_INVALID') as unknown,
  })
  await appendFile(join(shop.path, 'data/orders.csv'), '7,1,2026-04-03,paid,7.00\n')
  expect(await verify('r.json')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^~ data moved on: .*\n {2}data then {2}\S+\n {2}data now {3}\S+\n$/) as unknown,
  })
  await writeFile(join(shop.path, 'none.json'), '{}')
  expect((await verify('none.json')).stderr).toContain('There is no whole receipt in')
  expect((await verify('missing.json')).stderr).toContain("can't be read")
})

test('a check that breaks is found on demand, and said before the number it guards', async () => {
  const check = (): Promise<Ended> => runProgram(['metrics', 'check', 'revenue'], { dir: shop.path })
  expect(await check()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^revenue +enough +✓ passed +\S+ \S+ UTC +orders has [67] rows\.$/m) as unknown,
  })
  const orders = join(shop.path, 'data/orders.csv')
  const before = await readFile(orders, 'utf8')
  await writeFile(orders, before.split('\n').slice(0, 3).join('\n'))
  const broken = await check()
  expect(broken.code).toBe(1)
  expect(broken.stdout).toMatch(/^metric .*\nrevenue +enough +✗ failed +\S+ \S+ UTC +orders has 2 rows/)
  const { code, stdout } = await query('revenue')
  expect(stdout).toMatch(/^! revenue is certified, but its check enough fails: orders has 2 rows/)
  expect(stdout).toContain(' · CHECKS FAIL · ')
  expect(code).toBe(0)
  await writeFile(orders, before)
})

test('what is listed, described and valued is what the files say', async () => {
  const listed = await runProgram(['metrics', 'list', 'SALES'], { dir: shop.path })
  expect(listed.stdout).toMatch(/^metric .*\nordered .*\nrevenue .*What customers paid; Excludes what is open\n$/)
  const { stdout } = await runProgram(['metrics', 'describe', 'revenue'], { dir: shop.path })
  expect(stdout).toContain('  scope        Excludes what is open\n')
  expect(stdout).toContain('customer__…  name, country\n')
  expect(stdout).toContain('     └─ table orders.csv on shop\n')
  const values = await runProgram(['metrics', 'values', 'customer__country'], { dir: shop.path })
  expect(values.stdout).toBe('de\nfr\nus\n')
  const slip = await runProgram(['metrics', 'desribe'], { dir: shop.path })
  expect(slip).toMatchObject({ code: 64, stderr: expect.stringContaining('did you mean describe?') as unknown })
})

test('a statement is shown and not run', async () => {
  const { code, stdout } = await query('endless', '--explain')
  expect(stdout).toMatch(/^connection {2}shop \(duckdb\)\n[^]*id_total is sum\(id\) of numbers\n\nSELECT/)
  expect(code).toBe(0)
})

test('Ctrl-C ends the query in the database, too', async () => {
  const child = startProgram(['metrics', 'query', 'endless', '--verbose'], { dir: shop.path })
  const opened = new Promise<void>((resolve) => {
    child.stderr?.on('data', (text: Buffer) => {
      if (text.includes('embedded store')) resolve()
    })
  })
  const ended = endOf(child)
  await opened
  await sleep(1500)
  const stopped = Date.now()
  child.kill('SIGINT')
  const { code, stdout, stderr } = await ended
  expect(code).toBe(130)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/Stopped\.\n$/)
  expect(Date.now() - stopped).toBeLessThan(5000)
})
