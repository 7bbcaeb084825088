import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { silentLog } from '../../src/core/log.ts'
import type { Engine } from '../../src/semantic/engine.ts'
import { loadEngine } from '../../src/semantic/engines/index.ts'
import { withMariadb } from './mariadb-databases.ts'
import { openTestMariadb } from './mariadb.ts'
import { withClient } from './postgres-databases.ts'
import { openTestDatabase } from './postgres.ts'
import { openTempDir } from './temp-dir.ts'

/** A database that metrics are computed in, which the test writes to past the engine. */
export interface MetricDatabase extends AsyncDisposable {
  readonly engine: Engine
  /** Statements that every one of these databases takes. */
  change(...statements: readonly string[]): Promise<void>
}

export const metricDatabases = ['duckdb', 'postgres', 'mysql'] as const

export async function openMetricDatabase(kind: (typeof metricDatabases)[number]): Promise<MetricDatabase> {
  await using stack = new AsyncDisposableStack()
  const dir = stack.use(await openTempDir()).path
  const open = async (options: object): Promise<Engine> =>
    stack.use(await (await loadEngine(kind)).open({ name: 'db', options, dir, log: silentLog }))
  const opened = async (engine: Engine, change: MetricDatabase['change']): Promise<MetricDatabase> => {
    const all = stack.move()
    return { engine, change, [Symbol.asyncDispose]: () => all.disposeAsync() }
  }
  if (kind === 'duckdb') {
    const path = join(dir, 'db.duckdb')
    const change = (...statements: readonly string[]): Promise<void> => changeFile(path, statements)
    await change()
    return opened(await open({ path, tables: {}, null: [''], memory: 1e9, spill: 1e9 }), change)
  }
  if (kind === 'postgres') {
    const { url } = stack.use(await openTestDatabase())
    return opened(await open({ url }), async (...statements) =>
      withClient(url, async (client) => {
        for (const sql of statements) await client.query(sql)
      }),
    )
  }
  const { url } = stack.use(await openTestMariadb())
  return opened(await open({ url, tls: false }), async (...statements) =>
    withMariadb(url, async (run) => {
      for (const sql of statements) await run(sql)
    }),
  )
}

async function changeFile(path: string, statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  try {
    for (const sql of statements) await connection.run(sql)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
