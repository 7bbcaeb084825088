import { z } from 'zod'
import { AquiferError } from '../../src/core/errors.ts'
import { openAgent, type Agent, type Hit } from './agent.ts'
import { showClients } from './connect.ts'
import { makeDemoFolder } from './demo-folder.ts'
import { DemoStopped } from './demo-stopped.ts'
import { citation, freshness, heading, line, paragraph, question } from './page.ts'
import { openProgram, type Program } from './program.ts'
import { openShop, type Shop } from './shop.ts'

const aboutKettles = 'Which kettle keeps water hot after boiling?'
const aboutDeletes = 'How are deleted rows noticed?'
const aboutPromises = 'How do I limit how many promises run at once?'
const aboutTerms = 'What discount does Nordvatn give us on kettles?'

const newPrice = `update product set price = 79.00, updated_at = now(),
  description = replace(description, '30 minutes', 'two hours') where id = 101`
const soldOut = 'delete from product where id = 103'

const callers = [
  { name: 'buying-desk', flags: ['--group', 'buyers'], mayRead: true },
  { name: 'shop-window', flags: [], mayRead: false },
]

const Status = z.object({ stores: z.array(z.object({ chunks: z.number().nullable() })) })
const Key = z.object({ key: z.string() })

await run()

async function run(): Promise<void> {
  const stop = new AbortController()
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => stop.abort(new DemoStopped('It was interrupted.', { exitCode })))
  }
  try {
    await tell(stop.signal)
  } catch (thrown) {
    const error: unknown = stop.signal.aborted ? stop.signal.reason : thrown
    process.stderr.write(`\nThe demo stopped. ${explain(error)}\n`)
    process.exitCode = error instanceof DemoStopped ? error.exitCode : 1
  }
}

function explain(error: unknown): string {
  if (error instanceof DemoStopped) return error.message
  if (error instanceof AquiferError) return `${error.code}: ${error.message}\n  → ${error.fix}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

async function tell(signal: AbortSignal): Promise<void> {
  const folder = await makeDemoFolder()
  line(`Aquifer demo. Everything it writes is in ${folder}`)
  line('A shop opens its database …')
  await using shop = await openShop()
  signal.throwIfAborted()
  const program = openProgram({ folder, env: { SHOP_URL: shop.url }, signal })
  await index(program)
  await using agent = await openAgent(program.command('serve', '--stdio'), signal)
  await ask(program, agent)
  await change(shop, program, agent)
  await showPermissions(program, signal)
  await showNumbers(program)
  heading('6  Connect your own agent to this folder')
  showClients(folder)
}

async function index(program: Program): Promise<void> {
  heading('1  Index the shop, the pages of this project and the readmes of its packages')
  line('  $ aquifer sync')
  const started = performance.now()
  await program.show('sync')
  line(`  … in ${((performance.now() - started) / 1000).toFixed(1)} s`)
}

async function ask(program: Program, agent: Agent): Promise<void> {
  const { stores } = await program.read(Status, 'status')
  heading('2  Ask as an agent does: MCP over stdio, to `aquifer serve --stdio`')
  line(`  ${String(stores[0]?.chunks ?? 0)} passages; tools: ${agent.tools.join(', ')}`)
  await answer(agent, aboutKettles, 2)
  await answer(agent, aboutDeletes, 1)
  await answer(agent, aboutPromises, 1)
}

async function change(shop: Shop, program: Program, agent: Agent): Promise<void> {
  heading('3  Change the database, and ask the same agent again')
  for (const sql of [newPrice, soldOut]) {
    showSql(sql)
    await shop.run(sql)
  }
  line('  $ aquifer sync products')
  await program.show('sync', 'products')
  const hits = await answer(agent, aboutKettles, 2)
  if (hits.some(({ id }) => id === 'products:103')) throw new DemoStopped('The deleted product is still found.')
  line(`\n  fetch products:103 → ${await agent.refusal('products:103')}`)
  for (const { name, records, ...source } of await agent.sources()) {
    if (name !== 'products') continue
    line(
      `  describe_sources → ${name}: ${String(records)} records, ${freshness(source)}; freshness: ${source.freshness}`,
    )
  }
}

function showSql(sql: string): void {
  paragraph(`shop=> ${sql.replaceAll(/\s+/g, ' ')};`, 2)
}

async function showPermissions(program: Program, signal: AbortSignal): Promise<void> {
  heading('4  Ask as somebody else: MCP over HTTP, each caller with a key of its own')
  question(aboutTerms)
  await using service = await program.serve()
  for (const { name, flags, mayRead } of callers) {
    line(`  $ aquifer keys add ${[name, ...flags].join(' ')}`)
    const { key } = await program.read(Key, 'keys', 'add', name, ...flags)
    await using agent = await openAgent({ url: service.mcp, key }, signal)
    const hits = await agent.search(aboutTerms, 20)
    for (const hit of hits.slice(0, 1)) citation(hit, aboutTerms)
    line(`      may read: ${(await agent.sources()).map((source) => source.name).join(', ')}`)
    if (hits.some(({ source }) => source === 'supplier_terms') !== mayRead) {
      throw new DemoStopped(`${name} should ${mayRead ? '' : 'not '}read what suppliers grant.`)
    }
  }
}

/** A certified metric, one whose check fails, and a question that has no right answer. */
async function showNumbers(program: Program): Promise<void> {
  heading('5  Ask for numbers: each comes with its proof, or not at all')
  const told = async (code: number, ...args: readonly string[]): Promise<void> => {
    line(`\n  $ aquifer metrics ${args.join(' ')}`)
    await program.showEnding(code, 'metrics', ...args)
  }
  const months = ['--by', 'metric_time__month', '--from', '2026-01', '--to', '2026-06']
  await told(0, 'query', 'revenue', 'average_order', ...months)
  await told(1, 'check', 'revenue', 'refunded')
  await told(0, 'query', 'refunded', '--by', 'customer__country')
  await told(64, 'query', 'revenue', '--by', 'product__category')
}

async function answer(agent: Agent, asked: string, limit: number): Promise<readonly Hit[]> {
  question(asked)
  const hits = await agent.search(asked, limit)
  if (hits.length === 0) throw new DemoStopped('There is no answer.')
  for (const hit of hits) citation(hit, asked)
  return hits
}
