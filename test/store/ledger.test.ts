import { openPostgresLedger } from '../../src/stores/postgres/open-postgres-ledger.ts'
import { openTestDatabase } from '../kit/postgres.ts'
import { describeEditions } from '../kit/edition-suite.ts'
import { describeGenerations } from '../kit/generation-suite.ts'
import { describeLedgerNumbers } from '../kit/ledger-numbers-suite.ts'
import { describeLedger } from '../kit/ledger-suite.ts'
import { testSettings } from '../kit/ledger-writes.ts'
import type { Ledger } from '../../src/core/ledger.ts'

const name = 'the ledger on a native Postgres'

async function open(): Promise<Ledger> {
  const database = await openTestDatabase()
  const ledger = await openPostgresLedger({ url: database.url, schema: 'aquifer', lexical: 'ledger' })
  await ledger.ensureGeneration({ ...testSettings, languages: ['english'] })
  return {
    ...ledger,
    [Symbol.asyncDispose]: async () => {
      await ledger[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

describeLedger(name, open)
describeEditions(name, open)
describeGenerations(name, open)
describeLedgerNumbers(name, open)
