import { appendFile, readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDemoCopy, startDemo } from '../kit/demo-copy.ts'
import { openNewClient } from '../kit/mcp-clients.ts'
import { endOf, type Ended } from '../kit/program.ts'
import type { TempDir } from '../kit/temp-dir.ts'

let copy: TempDir
let ended: Ended
let demoFolder: string

beforeAll(async () => {
  copy = await openDemoCopy()
  demoFolder = join(copy.path, '.aquifer-demo')
  ended = await endOf(startDemo(copy))
})
afterAll(() => copy[Symbol.asyncDispose]())

const part = (number: number): string =>
  ended.stdout.slice(ended.stdout.indexOf(`\n${String(number)}  `), ended.stdout.indexOf(`\n${String(number + 1)}  `))
const kettles = 'Which kettle keeps water hot after boiling?'

test('it ends well and says where it wrote', () => {
  expect({ ...ended, stdout: '' }).toMatchObject({ code: 0 })
  expect(ended.stdout).toContain(`Aquifer demo. Everything it writes is in ${demoFolder}\n`)
})

test('it indexes five sources and the metrics in at most 400 passages', () => {
  expect(part(1)).toMatch(/^products +64 +64 +0 +0 +0 +up to date$/m)
  expect(part(1)).toMatch(/^help +44 +44 +0 +0 +0 +up to date$/m)
  expect(part(1)).toMatch(/^supplier_terms +10 +10 +0 +0 +0 +up to date$/m)
  expect(part(1)).toMatch(/^pages +(\d+) +\1 +0 +0 +0 +up to date$/m)
  expect(part(1)).toMatch(/^packages +18 +18 +0 +0 +0 +up to date$/m)
  expect(part(1)).toMatch(/^metrics +5 +5 +0 +0 +0 +up to date$/m)
  const passages = Number(
    /^ {2}(\d+) passages; tools: search, fetch, search_knowledge, describe_sources, find_metrics, describe_metric, query_metrics$/m.exec(
      part(2),
    )?.[1],
  )
  expect(passages).toBeGreaterThan(250)
  expect(passages).toBeLessThanOrEqual(400)
})

test('it answers from the shop, the pages and a package, with source, address and age', () => {
  const [shop = '', pages = '', packages = ''] = part(2).split('  → search_knowledge\n').slice(1)
  expect(shop).toContain('Ardal gooseneck kettle (price 89.00, category kettles, in_stock true)\n')
  expect(shop).toContain('30 minutes after boiling')
  expect(shop).toMatch(
    /products:101 · https:\/\/shop\.example\/products\/101 · as of \d\d:\d\d:\d\d UTC, [\d.]+ s ago\n/,
  )
  expect(shop).toContain('Thermo kettle Vask (price 64.50')
  expect(pages).toMatch(/pages:indexers\/README\.md · as of/)
  expect(pages).toContain('deletes are seen')
  expect(packages).toContain('packages:p-limit/readme.md · https://unpkg.com/p-limit/readme.md · as of')
})

test('a changed row changes the answer, and a deleted one is gone', () => {
  const [told = '', answer = ''] = part(3).split(`${kettles}  → search_knowledge\n`)
  expect(told).toMatch(/^products +3 +1 +1 +1 +0 +up to date$/m)
  expect(answer).toContain('Ardal gooseneck kettle (price 79.00, category kettles, in_stock true)\n')
  expect(answer).toContain('two hours after boiling')
  expect(answer).not.toContain('Vask')
  expect(answer).toContain('fetch products:103 → RECORD_NOT_FOUND: There is no record products:103.\n')
  expect(answer).toMatch(/describe_sources → products: 63 records, as of .* s ago; freshness: ok\n/)
})

test('only a key of the group reads the rows of the group', () => {
  const [, buyer = '', other = ''] = part(4).split('$ aquifer keys add ')
  expect(buyer).toMatch(/^buying-desk --group buyers\n {4}Terms of Nordvatn Kettles\n/)
  expect(buyer).toContain('38 percent off the list price')
  expect(buyer).toContain('may read: help, packages, pages, products, supplier_terms\n')
  expect(other).toMatch(/^shop-window\n/)
  expect(other).not.toContain('percent off')
  expect(other).toContain('may read: help, packages, pages, products\n')
})

test('a certified metric is asked by month, with its scope and its checks', () => {
  const [, months = ''] = part(5).split('  $ aquifer metrics ')
  expect(months).toMatch(/^query revenue average_order --by metric_time__month --from 2026-01 --to 2026-06\n/)
  expect(months).toMatch(/^2026-01 +29669\.5 +221\.4142$/m)
  expect(months).toMatch(/^2026-06 +33253\.3 +224\.6845$/m)
  expect(months).toContain('revenue v1, certified: excludes test orders of staff; refunds are not taken off\n')
  expect(months).toContain(' · checks pass · ')
})

test('a metric whose check fails says so first', () => {
  const [, , checks = '', refunds = ''] = part(5).split('  $ aquifer metrics ')
  expect(checks).toMatch(/^refunded +refunds_have_orders +✗ failed .* 3 of 60 rows that name one of orders by order/m)
  expect(checks).toMatch(/^revenue +every_order_once +✓ passed .* All 1,500 values of order occur once\.$/m)
  expect(refunds).toMatch(
    /^query refunded --by customer__country\n! refunded is certified, but its check refunds_have_orders fails: /,
  )
  expect(refunds).toMatch(/^Norway +1068$/m)
  expect(refunds).toMatch(/^· +105$/m)
})

test('a question that would count orders several times is refused, with one that has an answer', () => {
  const [, , , , refused = ''] = part(5).split('  $ aquifer metrics ')
  expect(refused).toContain('Refused (fan out): product__category cannot be asked here')
  expect(refused).toContain('  aquifer metrics query units_sold --by product__category\n')
})

test('what it says to connect with starts a server that knows all of it', async () => {
  const said = /^ {2}Cursor +~\/\.cursor\/mcp\.json: (.*)$/m.exec(ended.stdout)?.[1] ?? ''
  // The file's format is pinned where it is made.
  const { mcpServers } = JSON.parse(said) as { mcpServers: Record<string, { command: string; args: string[] }> }
  const server = mcpServers['aquifer-demo']
  expect(server).toMatchObject({
    command: process.execPath,
    args: [expect.stringContaining('aquifer.js'), 'serve', '--stdio', '--dir', demoFolder],
  })
  await using client = await openNewClient(server ?? { command: '', args: [] })
  const found = await client.callTool('search', { query: kettles })
  expect(found.structuredContent).toMatchObject({
    results: expect.arrayContaining([
      { id: 'products:101', title: 'Ardal gooseneck kettle', url: 'https://shop.example/products/101' },
    ]),
  })

  // While that server works on the folder, another demo must not take it away.
  const second = await endOf(startDemo(copy))
  expect(second).toMatchObject({ code: 1, stdout: '' })
  expect(second.stderr).toMatch(/^\nThe demo stopped\. .*\.aquifer-demo is in use by process \d+, such as an agent/)
  expect(await client.callTool('fetch', { id: 'products:101' })).not.toMatchObject({ isError: true })
})

test('the readme shows what it prints', async () => {
  const readme = await readFile(join(copy.path, 'README.md'), 'utf8')
  const shown = /<!-- demo-output: begin[^]*?```[a-z]*\n([^]*?)\n```\n<!-- demo-output: end -->/.exec(readme)?.[1] ?? ''
  const printed = steady(ended.stdout.replaceAll(copy.path, '/home/you/aquifer'))
  let at = 0
  const invented = steady(shown).filter((line) => {
    const found = line === '…' ? at : printed.indexOf(line, at)
    at = Math.max(at, found)
    return found === -1
  })
  expect(invented).toEqual([])
  expect(at).toBeGreaterThan(20)
})

test('a step that fails ends the demo with its exit code, after saying why', async () => {
  await appendFile(join(copy.path, 'examples/demo/aquifer.yaml'), 'surces: {}\n')
  const { code, stderr } = await endOf(startDemo(copy))
  expect(code).toBe(78)
  expect(stderr).toMatch(/^CONFIG_INVALID: /)
  expect(stderr).toContain('The demo stopped. `aquifer sync` ended with exit code 78.\n')
  expect(existsSync(demoFolder)).toBe(true)
})

test('an interrupted demo says so and leaves nothing running', async () => {
  const child = startDemo(copy)
  child.stdout?.once('data', () => setTimeout(() => child.kill('SIGTERM'), 1000))
  const { code, stderr } = await endOf(child)
  expect(code).toBe(143)
  expect(stderr).toMatch(/The demo stopped\. It was interrupted\.\n$/)
})

/** Lines without what differs from run to run. */
function steady(text: string): string[] {
  return text.split('\n').map((line) =>
    line
      .replace(/\d+ passages|\d\d:\d\d:\d\d|[\d.]+ s\b/g, '#')
      .replace(/ +/g, ' ')
      .trim(),
  )
}
