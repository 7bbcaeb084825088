import { MysqlSource } from '../../indexers/mysql/config.ts'
import mysql from '../../indexers/mysql/index.ts'
import type { Json } from '../../schemas/record.ts'
import type { Indexer } from '../../src/core/indexer.ts'
import { readChanges, readOptions } from './indexer-reading.ts'
import type { ReadOptions } from './indexer-reading.ts'
import { withMariadb } from './mariadb-databases.ts'
import type { RunMariadb } from './mariadb-databases.ts'
import { openTestMariadb } from './mariadb.ts'
import { toReading } from './postgres-source.ts'
import type { Reading, SourceInput } from './postgres-source.ts'

/** A database of its own for one test, to write to and to read as a source. */
export interface MysqlDatabase extends AsyncDisposable {
  /** As the user who may only read it and the binary log. */
  readonly url: string
  /** As the user who may write. */
  readonly writerUrl: string
  readonly run: RunMariadb
  open(sources: Readonly<Record<string, SourceInput>>, options?: Partial<ReadOptions>): Promise<Indexer>
  /** Opens, reads the one source once and closes. */
  read(source: SourceInput, cursor?: Json): Promise<Reading>
}

export async function openMysqlDatabase(setup = ''): Promise<MysqlDatabase> {
  const database = await openTestMariadb()
  const url = new URL(database.url)
  url.username = 'cdc'
  url.password = 'cdc'
  const closing = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<RunMariadb>()
  const connection = withMariadb(database.url, async (run) => {
    if (setup !== '') await run(setup)
    ready.resolve(run)
    await closing.promise
  })
  connection.catch(ready.reject)
  const run = await ready.promise
  const open: MysqlDatabase['open'] = (sources, options) => openMysqlSources(url.href, sources, options)
  return {
    url: url.href,
    writerUrl: database.url,
    run,
    open,
    async read(source, cursor) {
      await using indexer = await open({ source })
      return toReading(await readChanges(indexer, cursor === undefined ? {} : { source: cursor }))
    },
    async [Symbol.asyncDispose]() {
      closing.resolve()
      await connection
      await database[Symbol.asyncDispose]()
    },
  }
}

export function openMysqlSources(
  url: string,
  sources: Readonly<Record<string, SourceInput>>,
  options: Partial<ReadOptions> = {},
): Promise<Indexer> {
  const entries = Object.entries(sources).map(([name, source]) => [name, MysqlSource.parse(source)] as const)
  return mysql.open(
    { url, tls: false, statementTimeout: 60_000 },
    { ...readOptions(options), sources: Object.fromEntries(entries) },
  )
}
