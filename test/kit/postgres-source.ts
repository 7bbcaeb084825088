import { Client } from 'pg'
import { PostgresSource, type PostgresConnection } from '../../indexers/postgres/config.ts'
import postgres from '../../indexers/postgres/index.ts'
import type { Change, Json, Row } from '../../schemas/record.ts'
import type { Indexer } from '../../src/core/indexer.ts'
import { readChanges, readOptions } from './indexer-reading.ts'
import type { Put, ReadOptions } from './indexer-reading.ts'
import { dropDatabase, withClient } from './postgres-databases.ts'
import { openTestDatabase } from './postgres.ts'
import type { TestDatabase } from './postgres.ts'
import { serverUrl } from './server-url.ts'
import { testName } from './test-name.ts'

/** A role of the server that may log in and nothing else. */
export const reader = 'aquifer_test_reader'

/** What one source is, as aquifer.yaml would say it. */
export type SourceInput = Readonly<Record<string, Json>>

/** A database of its own for one test, to write to and to read as a source. */
export interface SourceDatabase extends AsyncDisposable {
  readonly url: string
  /** One statement, or several without parameters. Rows hold what the driver makes of them. */
  run(text: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Another connection, ended with the database. */
  connect(): Promise<Client>
  open(sources: Readonly<Record<string, SourceInput>>, options?: Partial<ReadOptions>): Promise<Indexer>
  /** Opens, reads the one source once and closes. */
  read(source: SourceInput, cursor?: Json): Promise<Reading>
}

export interface Reading {
  readonly changes: readonly Change[]
  /** Rows of the puts by key. */
  readonly rows: Readonly<Record<string, Row>>
  readonly puts: readonly Put[]
  readonly cursor: Json
}

/** The setup may end in grants to `reader`, a user without any rights, who then reads instead of the owner. */
export async function openSourceDatabase(setup = '', encoding = 'UTF8'): Promise<SourceDatabase> {
  const database = encoding === 'UTF8' ? await openTestDatabase() : await openEncodedDatabase(encoding)
  const clients: Client[] = []

  async function connect(): Promise<Client> {
    const client = new Client({ connectionString: database.url })
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
    return client
  }

  const main = await connect()
  const url = new URL(database.url)
  if (setup.includes(` to ${reader}`)) {
    await main.query(
      `do $$ begin create role ${reader} login; exception when duplicate_object or unique_violation then null; end $$`,
    )
    url.username = reader
  }
  if (setup !== '') await main.query(setup)
  const open: SourceDatabase['open'] = (sources, options) => openSources(url.href, sources, options)
  return {
    url: url.href,
    run: async (text, values) => (await main.query<Record<string, unknown>>(text, values && [...values])).rows,
    connect,
    open,
    async read(source, cursor) {
      await using indexer = await open({ source })
      return toReading(await readChanges(indexer, cursor === undefined ? {} : { source: cursor }))
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.end()
      await database[Symbol.asyncDispose]()
    },
  }
}

async function openEncodedDatabase(encoding: string): Promise<TestDatabase> {
  const server = serverUrl('postgres')
  const name = testName('_')
  await withClient(server, (client) =>
    client.query(`create database ${name} template template0 encoding '${encoding}' locale_provider libc locale 'C'`),
  )
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, [Symbol.asyncDispose]: () => dropDatabase(server, name) }
}

/** A connection of aquifer.yaml as `open` gets it. */
export const connectionTo = (url: string, statementTimeout = 60_000): PostgresConnection => ({
  url,
  statementTimeout,
  slot: 'aquifer',
  walBudget: 10e9,
})

export function openSources(
  url: string,
  sources: Readonly<Record<string, SourceInput>>,
  options: Partial<ReadOptions> = {},
): Promise<Indexer> {
  const entries = Object.entries(sources).map(([name, source]) => [name, PostgresSource.parse(source)] as const)
  const opening = readOptions({ connection: new URL(url).pathname, ...options })
  return postgres.open(connectionTo(url), { ...opening, sources: Object.fromEntries(entries) })
}

export function toReading(changes: readonly Change[]): Reading {
  const puts = changes.filter((change) => change.kind === 'put')
  const checkpoint = changes.findLast((change) => change.kind === 'checkpoint')
  if (checkpoint?.kind !== 'checkpoint') throw new Error('the read ended without a checkpoint')
  return {
    changes,
    puts,
    rows: Object.fromEntries(puts.flatMap((put) => (put.content.kind === 'row' ? [[put.key, put.content.row]] : []))),
    cursor: checkpoint.cursor,
  }
}
