import type { Ledger } from '../../core/ledger.ts'
import type { LedgerOptions } from './context.ts'
import { createLedger } from './ledger.ts'
import { checkPostgresUrl, mapPostgresError } from './map-error.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres-db.ts'

/** The ledger on a native Postgres: connects, brings the schema up to date. */
export async function openPostgresLedger(options: LedgerOptions & { readonly url: string }): Promise<Ledger> {
  checkPostgresUrl(options.url)
  const db = openPostgres({ url: options.url, schema: options.schema })
  try {
    await migrate(db, { schema: options.schema, vectorType: 'halfvec' })
  } catch (error) {
    await db[Symbol.asyncDispose]()
    throw mapPostgresError(error)
  }
  return createLedger(db, options)
}
