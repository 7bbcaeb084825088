import { setTimeout as sleep } from 'node:timers/promises'
import { Client, escapeIdentifier } from 'pg'
import { createDatabase, dropDatabase } from '../../kit/postgres-databases.ts'
import type { Random } from '../../kit/random.ts'
import { openTcpProxy } from '../../kit/tcp-proxy.ts'
import { testName } from '../../kit/test-name.ts'
import { mappingYaml, type Expected } from '../item.ts'
import { createPlan, type Operation, type Plan } from '../operations.ts'
import type { Kind } from './kind.ts'

interface Table {
  readonly name: string
  readonly connection: string
  readonly reading: string
  /** Whether a shop is part of its key. */
  readonly isPair: boolean
  readonly plan: Plan
  columns: number
}

const shops = ['north', 'süd', 'a "b"'] as const

/** Of a table with two columns as its key, which shop goes with a code. */
const shopOf = (code: string): string => shops[Number(/\d+$/.exec(code)?.[0] ?? 0) % shops.length] ?? shops[0]

const poll = 'every: 300ms, compare: 2s'

/** Tables that are followed in the log, one with a key of two columns, and tables that are polled. */
export async function openPostgres(serverUrl: string, size: number): Promise<Kind> {
  const stack = new AsyncDisposableStack()
  const name = testName('_')
  await createDatabase(serverUrl, name)
  stack.defer(() => dropDatabase(serverUrl, name))
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const link = stack.use(await openTcpProxy(url.href))
  const [main, late] = [await connect(url.href, stack), await connect(url.href, stack)]
  const table = (tableName: string, connection: string, reading: string, isPair = false): Table => ({
    name: tableName,
    connection,
    reading,
    isPair,
    plan: createPlan(tableName, size),
    columns: 0,
  })
  const tables = [
    table('pg_stream', 'pg', 'mode: stream, every: 300ms'),
    table('pg_pair', 'pg', 'mode: stream, every: 300ms', true),
    table('pg_poll', 'pgpoll', poll),
    table('pg_cursor', 'pgpoll', `cursor: changed, overlap: 1s, ${poll}`),
  ]
  for (const { name: tableName, isPair } of tables) {
    await main.query(
      `create table ${tableName} (${isPair ? 'shop text, code text,' : 'code text primary key,'}
         title text not null, body text not null, status text, amount int, readers text, vector text,
         changed timestamptz not null default now()${isPair ? ', primary key (shop, code)' : ''})`,
    )
  }
  let open: { readonly commit: () => Promise<void>; readonly release: () => void } | undefined
  const commitLate = async (): Promise<void> => {
    await open?.commit()
    open?.release()
    open = undefined
  }
  return {
    name: 'postgres',
    sources: tables.map((each) => each.name),
    yaml: {
      connections: ['pg', 'pgpoll'].map((each) => `  ${each}: { type: postgres, url: '${link.url}' }`).join('\n'),
      sources: tables
        .map(
          (each) =>
            `  ${each.name}: { connection: ${each.connection}, table: ${each.name}, ${each.reading}, ${mappingYaml}, vector: vector }`,
        )
        .join('\n'),
    },
    env: {},
    link,
    operate: async (random, count) => {
      const chosen = tables[random.int(0, tables.length - 1)]
      if (chosen === undefined) return 0
      const dice = random.int(1, 100)
      // Both would wait for the transaction that is open.
      if (dice <= 6) await commitLate()
      if (dice <= 2 && count > 20) return changeSchema(main, chosen, random)
      if (dice <= 6) return rollBack(main, chosen, random, count)
      if (dice <= 14 && open === undefined) {
        const { operations, release } = chosen.plan.hold(random, Math.min(count, 20))
        await late.query('begin')
        await run(late, chosen, operations)
        // Once only: again it would be a warning.
        let committing: Promise<unknown> | undefined
        open = { commit: async () => void (await (committing ??= late.query('commit'))), release }
        return operations.length
      }
      if (dice <= 30) await commitLate()
      if (dice >= 99 && count > 20) {
        await commitLate()
        await main.query(`truncate ${escapeIdentifier(chosen.name)}`)
        chosen.plan.clear()
        return 1
      }
      const operations = chosen.plan.next(random, count)
      await main.query('begin')
      await run(main, chosen, operations)
      await main.query('commit')
      return operations.length
    },
    finish: commitLate,
    commitOpen: async () => open?.commit(),
    // As a server does to a slot that keeps too much, and whoever tidies up without asking.
    loseLog: async () => {
      link.cut()
      try {
        await dropSlots(main)
      } finally {
        link.restore()
      }
    },
    put: async (source, key, item) => {
      const chosen = tables.find((each) => each.name === source)
      if (chosen === undefined) throw new Error(`there is no table ${source}`)
      await run(main, chosen, [{ kind: 'put', key, item, isNew: true }])
    },
    read: async () => {
      const found = new Map<string, ReadonlyMap<string, Expected>>()
      for (const each of tables) found.set(each.name, await read(main, each))
      return found
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function dropSlots(client: Client): Promise<void> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; await sleep(50)) {
    await client.query(
      `select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database() and not active`,
    )
    const { rows } = await client.query(`select 1 from pg_replication_slots where database = current_database()`)
    if (rows.length === 0) return
  }
}

async function connect(url: string, stack: AsyncDisposableStack): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  stack.defer(() => client.end())
  return client
}

/** Placeholders of parameters. */
const place = (from: number, count: number): string =>
  Array.from({ length: count }, (_, at) => `$${String(from + at)}`).join(', ')

async function run(client: Client, { name, isPair }: Table, operations: readonly Operation[]): Promise<void> {
  const table = escapeIdentifier(name)
  const where = isPair ? 'shop = $1 and code = $2' : 'code = $1'
  const keyOf = (code: string): string[] => (isPair ? [shopOf(code), code] : [code])
  const width = isPair ? 2 : 1
  for (const operation of operations) {
    const key = keyOf(operation.key)
    if (operation.kind === 'delete') await client.query(`delete from ${table} where ${where}`, key)
    else if (operation.kind === 'rename') {
      const set = isPair ? 'shop = $3, code = $4' : 'code = $2'
      await client.query(`update ${table} set ${set}, changed = now() where ${where}`, [...key, ...keyOf(operation.to)])
    } else {
      const { title, body, status, amount, readers, vector } = operation.item
      const values = [
        title,
        body,
        status,
        amount,
        readers.join(','),
        vector === undefined ? null : JSON.stringify(vector),
      ]
      const columns = 'title, body, status, amount, readers, vector'
      await client.query(
        operation.isNew
          ? `insert into ${table} (${isPair ? 'shop, ' : ''}code, ${columns}) values (${place(1, width + 6)})
             on conflict (${isPair ? 'shop, ' : ''}code) do update set (${columns}, changed) = (${place(width + 1, 6)}, now())`
          : `update ${table} set (${columns}, changed) = (${place(width + 1, 6)}, now()) where ${where}`,
        [...key, ...values],
      )
    }
  }
}

/** Work that is undone: none of it may ever be seen. */
async function rollBack(client: Client, table: Table, random: Random, count: number): Promise<number> {
  await client.query('begin')
  await client.query(`update ${table.name} set body = 'never', readers = 'never' where code like $1`, [
    `%${String(random.int(0, 9))}`,
  ])
  await client.query(`delete from ${table.name} where code like $1`, [`%${String(random.int(0, 9))}`])
  await client.query('rollback')
  return Math.min(count, 2)
}

const amountTypes = ['bigint', 'text', 'numeric', 'int'] as const

/** A column that is added, dropped or of another type: each changes every row of the table. */
async function changeSchema(client: Client, table: Table, random: Random): Promise<number> {
  const choice = random.int(1, 3)
  if (choice === 1 || (choice === 2 && table.columns === 0)) {
    await client.query(`alter table ${table.name} add column extra${String(++table.columns)} text default 'x'`)
  } else if (choice === 2) {
    await client.query(`alter table ${table.name} drop column extra${String(table.columns--)}`)
  } else {
    const type = amountTypes[random.int(0, amountTypes.length - 1)] ?? 'int'
    await client.query(`alter table ${table.name} alter column amount type ${type} using amount::${type}`)
  }
  return 1
}

interface Row {
  readonly shop?: string
  readonly code: string
  readonly title: string
  readonly body: string
  readonly status: string
  readonly amount: number | string
  readonly readers: string
  readonly vector: string | null
}

async function read(client: Client, table: Table): Promise<ReadonlyMap<string, Expected>> {
  const { rows } = await client.query<Row>(`select * from ${table.name}`)
  return new Map(
    rows.map(({ shop, code, title, body, status, amount, readers, vector }) => [
      shop === undefined ? code : JSON.stringify([shop, code]),
      {
        title,
        text: body,
        fields: { status, amount },
        readers: readers.split(',').filter((group) => group !== ''),
        // The rows of this proof hold nothing else.
        vector: vector === null ? undefined : (JSON.parse(vector) as number[]),
      },
    ]),
  )
}
