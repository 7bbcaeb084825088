import { expect, test } from 'vitest'
import { openPostgresLedger } from '../../src/stores/postgres/open-postgres-ledger.ts'
import { openPostgres } from '../../src/stores/postgres/postgres-db.ts'
import { batchOf, chunkOf, claimOf, recordOf, axis, testSettings } from '../kit/ledger-writes.ts'
import { withClient } from '../kit/postgres-databases.ts'
import { openTestDatabase } from '../kit/postgres.ts'
import { openTcpProxy } from '../kit/tcp-proxy.ts'
import { until } from '../kit/until.ts'

function isBuilding(url: string): Promise<boolean> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(
      `select 1 from pg_stat_activity where datname = current_database() and query ilike 'create index%' and state = 'active'`,
    )
    return rows.length > 0
  })
}

test('closing the database cancels what still runs', async () => {
  await using database = await openTestDatabase()
  const db = openPostgres({ url: database.url, schema: 'aquifer' })
  const ended = db.transaction((tx) => tx.query('select pg_sleep(60)')).catch((error: unknown) => error)
  await db.query('select 1')
  const start = performance.now()
  await db[Symbol.asyncDispose]()
  expect(await ended).toMatchObject({ code: '57014' })
  expect(performance.now() - start).toBeLessThan(5000)
})

test('an index is not built on for a process that is gone', async () => {
  await using database = await openTestDatabase()
  await using proxy = await openTcpProxy(database.url)
  await using ledger = await openPostgresLedger({ url: proxy.url, schema: 'aquifer', lexical: 'none' })
  await ledger.ensureGeneration({ ...testSettings, languages: [] })
  const claim = await claimOf(ledger)
  const puts = Array.from({ length: 2000 }, (_, n) => recordOf(String(n), [chunkOf(`text ${String(n)}`, axis(n % 4))]))
  await ledger.commit(batchOf(claim, { puts }))
  await withClient(database.url, async (client) => {
    // A build waits for it as long as it would take for many vectors.
    await client.query('begin; lock table aquifer.vector_1 in row exclusive mode')
    const building = ledger.finishLoad().catch(() => undefined)
    await until(() => isBuilding(database.url))
    proxy.cut()
    await building
    await until(async () => !(await isBuilding(database.url)), 10_000)
    expect(await isBuilding(database.url)).toBe(false)
  })
})
