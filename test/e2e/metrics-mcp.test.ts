import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { Receipt } from '../../schemas/numbers.ts'
import { openNewClient, openOldClient, type McpClient, type ServerTarget, type ToolResult } from '../kit/mcp-clients.ts'
import { openMetricsShop } from '../kit/metrics-shop.ts'
import { runJson, runProgram } from '../kit/program.ts'
import { startServe, stdioTarget } from '../kit/serve.ts'
import type { TempDir } from '../kit/temp-dir.ts'

let shop: TempDir
const definitions = (): string => join(shop.path, 'metrics/shop.yaml')
const configure = (access: string): Promise<void> =>
  writeFile(
    join(shop.path, 'aquifer.yaml'),
    `version: 1\nconnections: { shop: { type: duckdb, path: ./data } }\nmetrics: ./metrics\n${access}\n`,
  )
const sync = (): Promise<unknown> => runJson(['sync'], { dir: shop.path })

beforeAll(async () => {
  shop = await openMetricsShop()
  await configure('access: { default: { public: true } }')
  await sync()
})
afterAll(() => shop[Symbol.asyncDispose]())

const told = (result: ToolResult): unknown => JSON.parse(result.content[0]?.text ?? '')
const clients: Readonly<Record<string, (target: ServerTarget) => Promise<McpClient>>> = {
  'a v2 client': (target) => openNewClient(target),
  'a v1 client': openOldClient,
}

test.for(Object.keys(clients))('%s finds a metric, reads what it means and asks for it', async (name) => {
  await using client = await (clients[name] ?? openOldClient)(stdioTarget(shop.path))
  const call = async (tool: string, args: Record<string, unknown>): Promise<unknown> =>
    (await client.callTool(tool, args)).structuredContent
  expect(await client.listTools()).toHaveLength(7)
  expect(await call('find_metrics', { query: 'money paid', limit: 1 })).toMatchObject({
    metrics: [{ name: 'revenue', scope: 'Excludes what is open', status: 'certified', checks: 'passed' }],
  })
  expect(await call('describe_metric', { name: 'revenue' })).toMatchObject({
    definition: { owner: 'finance@example.com', filter: "order__status = 'paid'" },
    lineage: `metric revenue = order_total
└─ measure order_total = sum(amount)
   └─ table orders.csv on shop`,
    dimensions: expect.arrayContaining([{ name: 'customer__country', kind: 'dimension' }]) as unknown,
  })
  expect(await call('describe_metric', { name: 'revenue', dimension: 'customer__country', like: 'D' })).toEqual({
    name: 'revenue',
    values: ['de'],
    more_values: false,
  })
  expect(
    await call('query_metrics', {
      metrics: ['revenue', 'orders'],
      group_by: ['customer__name'],
      where: "customer__country in ('us', 'fr')",
      from: '2026-02',
      order_by: ['-revenue'],
      totals: true,
    }),
  ).toMatchObject({
    columns: [{ name: 'customer__name' }, { name: 'revenue' }, { name: 'orders' }],
    // The escape that would write to a terminal is gone.
    rows: [
      ['Cy [31mred', 100, 1],
      ['Bo', 5.25, 1],
    ],
    totals: [105.25, 2],
    truncated: false,
    total_rows: 2,
  })
  expect(await call('query_metrics', { metrics: ['revenue'], group_by: ['coutry'] })).toMatchObject({
    refusal: { reason: 'unreachable', nearest: expect.arrayContaining(['customer__country']) as unknown },
  })
  expect(await call('query_metrics', { metrics: ['sales'], from: '2026-02', to: '2026-02' })).toEqual({
    choice: {
      asked: 'sales',
      options: [
        {
          metric: 'revenue',
          description: 'What customers paid',
          scope: 'Excludes what is open',
          status: 'certified',
          value: 5.25,
        },
        { metric: 'ordered', status: 'draft', value: 104.25 },
      ],
      difference: 'ordered is 99 above revenue (95.0 % of it).',
    },
  })
  const wrong = await client.callTool('query_metrics', { metrics: ['revnue'] })
  expect(wrong.isError).toBe(true)
  expect(told(wrong)).toMatchObject({
    error: { code: 'METRIC_UNKNOWN', message: 'There is no metric revnue; did you mean revenue?' },
  })
})

test('a client that can ask its user asks which metric is meant, and gets its numbers', async () => {
  await using client = await openNewClient(stdioTarget(shop.path), 'new', () => ({ metric_0: 'ordered' }))
  const { structuredContent } = await client.callTool('query_metrics', {
    metrics: ['sales'],
    from: '2026-02',
    to: '2026-02',
  })
  expect(structuredContent).toMatchObject({
    notices: ['sales was taken for ordered, as the user chose.'],
    rows: [[104.25]],
  })
})

test('the receipt of an answer that was cut to its budget is verified on the command line', async () => {
  const orders = join(shop.path, 'data/orders.csv')
  const before = await readFile(orders, 'utf8')
  const more = Array.from({ length: 500 }, (_, i) => `${String(i + 7)},1,2026-05-01,open,1.00\n`)
  await writeFile(orders, before + more.join(''))
  await using client = await openNewClient(stdioTarget(shop.path))
  const { structuredContent } = await client.callTool('query_metrics', {
    metrics: ['ordered'],
    group_by: ['order', 'customer__name', 'metric_time__day'],
    token_budget: 3000,
  })
  const { rows, receipt } = z
    .object({ truncated: z.literal(true), total_rows: z.literal(506), rows: z.array(z.unknown()), receipt: Receipt })
    .parse(structuredContent)
  expect(rows.length).toBeGreaterThan(100)
  expect(receipt).toMatchObject({ rows: 506, given: rows.length })
  await writeFile(join(shop.path, 'receipt.json'), JSON.stringify(receipt))
  expect(await runProgram(['metrics', 'verify', 'receipt.json'], { dir: shop.path })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^✓ same: /) as unknown,
  })
  await writeFile(orders, before)
})

test('a call that its client gives up ends in the database, and the next one is answered', async () => {
  await using client = await openNewClient(stdioTarget(shop.path))
  await client.callTool('query_metrics', { metrics: ['orders'] })
  const abort = new AbortController()
  const endless = client.callTool('query_metrics', { metrics: ['endless'] }, abort.signal)
  setTimeout(() => abort.abort(), 300)
  await expect(endless).rejects.toThrow(/abort/i)
  // Were it still running, it would keep both cores and the only reader.
  const started = performance.now()
  expect(await client.callTool('query_metrics', { metrics: ['orders'] })).toMatchObject({
    structuredContent: { rows: [[6]] },
  })
  expect(performance.now() - started).toBeLessThan(5000)
})

test('search finds a metric by what it means, and fetch reads its card', async () => {
  await using client = await openNewClient(stdioTarget(shop.path))
  const { structuredContent } = await client.callTool('search', { query: 'how much did customers pay us' })
  expect(structuredContent).toMatchObject({
    results: expect.arrayContaining([
      { id: 'metrics:revenue', title: 'Revenue (metric revenue)', url: 'aquifer://record/metrics%3Arevenue' },
    ]) as unknown,
  })
  const { structuredContent: card } = await client.callTool('fetch', { id: 'aquifer://record/metrics%3Arevenue' })
  expect(card).toMatchObject({
    text: expect.stringContaining('Revenue is a metric: ask query_metrics for revenue.') as unknown,
    metadata: { source: 'metrics', fields: { status: 'certified', owner: 'finance@example.com' } },
  })
  expect((await client.callTool('describe_sources', { sources: ['metrics'] })).structuredContent).toMatchObject({
    sources: [{ type: 'metrics', records: 4, fields: ['status', 'owner'] }],
  })
})

async function withKey(group: string): Promise<string> {
  const { key } = await runJson<{ key: string }>(['keys', 'add', group, '--group', group], { dir: shop.path })
  return key
}

const ask = async (client: McpClient, args: Record<string, unknown> = {}): Promise<ToolResult> =>
  client.callTool('query_metrics', { metrics: ['revenue'], ...args })

const found = async (client: McpClient): Promise<unknown> =>
  (await client.callTool('search', { query: 'revenue that customers paid' })).structuredContent

test('what is hidden from a caller is neither found, described nor computed', async () => {
  const before = await readFile(definitions(), 'utf8')
  await writeFile(
    definitions(),
    before.replace(
      '  numbers:\n',
      '    policy:\n      - { groups: [finance] }\n      - { groups: [sales], rows: customer = 2, hidden: [status] }\n  numbers:\n',
    ),
  )
  await sync()
  await using server = await startServe(shop.path, '0.0.0.0')
  const open = async (group: string): Promise<McpClient> =>
    openNewClient({ url: server.mcp, key: await withKey(group) })
  await using finance = await open('finance')
  await using sales = await open('sales')
  await using other = await open('other')
  const card = { results: expect.arrayContaining([expect.objectContaining({ id: 'metrics:revenue' })]) as unknown }

  expect(await ask(finance)).toMatchObject({ structuredContent: { rows: [[136.75]] } })
  expect(await ask(sales)).toMatchObject({ structuredContent: { rows: [[25.25]] } })
  expect(await found(finance)).toMatchObject(card)
  expect(await found(sales)).toMatchObject(card)

  const described = await sales.callTool('describe_metric', { name: 'revenue' })
  expect(described.structuredContent).toMatchObject({ definition: { filter: 'a condition that is not yours to see' } })
  expect(described.content[0]?.text).not.toContain('order__status')
  expect(await ask(sales, { group_by: ['order__status'] })).toMatchObject({
    structuredContent: { refusal: { message: 'There is no order__status.' } },
  })

  expect(await found(other)).toEqual({ results: [expect.objectContaining({ id: 'metrics:endless' })] })
  expect((await other.callTool('find_metrics', {})).structuredContent).toMatchObject({
    metrics: [{ name: 'endless' }],
    total: 1,
  })
  const unknown = { code: 'METRIC_UNKNOWN', message: 'There is no metric revenue; known: endless' }
  expect(told(await ask(other))).toMatchObject({ error: unknown })
  expect(told(await other.callTool('describe_metric', { name: 'revenue' }))).toMatchObject({ error: unknown })
  expect(told(await other.callTool('fetch', { id: 'metrics:revenue' }))).toMatchObject({
    error: { code: 'RECORD_NOT_FOUND' },
  })
  await writeFile(definitions(), before)
})

test('a changed definition is found by its new words with the next sync, and one that is gone no more', async () => {
  const before = await readFile(definitions(), 'utf8')
  await writeFile(
    definitions(),
    before.replace('What customers paid', 'Money in the till').replace(/ {2}orders: \{ type: simple.*\n/, ''),
  )
  expect(await sync()).toMatchObject({ sources: [{ name: 'metrics', deleted: 1, error: null }] })
  const { hits } = await runJson<{ hits: { id: string; text: string }[] }>(['search', 'till', '--limit', '20'], {
    dir: shop.path,
  })
  expect(hits[0]).toMatchObject({
    id: 'metrics:revenue',
    text: expect.stringContaining('Money in the till') as unknown,
  })
  expect(hits.map(({ id }) => id)).not.toContain('metrics:orders')
  expect(await sync()).toMatchObject({ sources: [{ name: 'metrics', written: 0, deleted: 0 }] })

  await writeFile(definitions(), before.replace('measure: id_total', 'measure: nothing'))
  const failed = await runProgram(['sync'], { dir: shop.path })
  expect(failed.code).toBe(78)
  expect(failed.stderr.split('metrics.endless.measure')).toHaveLength(2)
  const { sources } = await runJson<{ sources: unknown[] }>(['status'], { dir: shop.path })
  expect(sources).toMatchObject([{ name: 'metrics', records: 3, last_error: { code: 'CONFIG_INVALID' } }])
  await writeFile(definitions(), before)
})
