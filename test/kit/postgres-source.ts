import { Client } from 'pg'
import { PostgresSource } from '../../indexers/postgres/config.ts'
import postgres from '../../indexers/postgres/index.ts'
import type { Change, Json, Row } from '../../schemas/record.ts'
import type { Indexer } from '../../src/core/indexer.ts'
import { readChanges, readOptions } from './indexer-reading.ts'
import type { Put, ReadOptions } from './indexer-reading.ts'
import { openTestDatabase } from './postgres.ts'

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

export async function openSourceDatabase(setup = ''): Promise<SourceDatabase> {
  const database = await openTestDatabase()
  const clients: Client[] = []

  async function connect(): Promise<Client> {
    const client = new Client({ connectionString: database.url })
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
    return client
  }

  const main = await connect()
  if (setup !== '') await main.query(setup)
  const open: SourceDatabase['open'] = (sources, options) => openSources(database.url, sources, options)
  return {
    url: database.url,
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

export function openSources(
  url: string,
  sources: Readonly<Record<string, SourceInput>>,
  options: Partial<ReadOptions> = {},
): Promise<Indexer> {
  const entries = Object.entries(sources).map(([name, source]) => [name, PostgresSource.parse(source)] as const)
  return postgres.open(
    { url, statementTimeout: 60_000 },
    { ...readOptions(options), sources: Object.fromEntries(entries) },
  )
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
