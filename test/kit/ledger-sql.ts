import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { pg_textsearch } from '@electric-sql/pglite-pg_textsearch'
import { vector } from '@electric-sql/pglite-pgvector'
import { Client } from 'pg'
import type { Stores } from './deployment.ts'

/** The ledger's tables as they are, past all of our code. No process may have an embedded one open. */
export interface LedgerSql extends AsyncDisposable {
  query<R>(sql: string, values?: readonly unknown[]): Promise<readonly R[]>
}

export async function openLedgerSql(stores: Stores): Promise<LedgerSql> {
  if (stores.kind === 'embedded') {
    const pglite = await PGlite.create(join(stores.dir, 'data'), { extensions: { vector, pg_textsearch } })
    await pglite.exec('set search_path = aquifer, public')
    return {
      // What the rows hold, only the caller knows.
      query: async <R>(sql: string, values: readonly unknown[] = []) => (await pglite.query<R>(sql, [...values])).rows,
      [Symbol.asyncDispose]: () => pglite.close(),
    }
  }
  const client = new Client({ connectionString: stores.databaseUrl, options: '-c search_path=aquifer,public' })
  await client.connect()
  return {
    query: async <R>(sql: string, values: readonly unknown[] = []) =>
      (await client.query(sql, [...values])).rows as R[],
    [Symbol.asyncDispose]: () => client.end(),
  }
}
