import type { Db } from '../../../core/db.ts'
import type { LedgerOptions } from '../context.ts'
import { createLedger } from '../ledger.ts'
import { migrate } from '../migrate.ts'

/** What a worker loads by its address: the operations to run on its database. Tests load their own. */
export interface OperationsModule {
  openOperations(db: Db, options: LedgerOptions): Promise<object>
}

/** The ledger on the embedded Postgres, its schema brought up to date. */
export async function openOperations(db: Db, options: LedgerOptions): Promise<object> {
  await migrate(db, { schema: options.schema, vectorType: 'vector' })
  return createLedger(db, options)
}
