import { afterAll, beforeAll, vi } from 'vitest'
import type { Ledger } from '../../src/core/ledger.ts'
import { openEmbeddedLedger } from '../../src/stores/postgres/embedded/open-embedded-ledger.ts'
import { describeEditions } from '../kit/edition-suite.ts'
import { describeGenerations } from '../kit/generation-suite.ts'
import { describeLedgerNumbers } from '../kit/ledger-numbers-suite.ts'
import { describeLedger } from '../kit/ledger-suite.ts'
import { testSettings } from '../kit/ledger-writes.ts'
import { openTempDir } from '../kit/temp-dir.ts'

// Opening compiles a database engine: seconds where many programs share few cores.
vi.setConfig({ testTimeout: 240_000 })

const name = 'the ledger on the embedded Postgres'

const opened = new AsyncDisposableStack()
let dir = ''
let schemas = 0

// One engine for all of them, each with tables of its own.
beforeAll(async () => {
  dir = opened.use(await openTempDir()).path
  opened.use(await openSchema())
})
afterAll(() => opened.disposeAsync())

function openSchema(): Promise<Ledger> {
  schemas += 1
  return openEmbeddedLedger({ dir, options: { schema: `aquifer_${String(schemas)}`, lexical: 'ledger' } })
}

async function open(): Promise<Ledger> {
  const ledger = await openSchema()
  await ledger.ensureGeneration({ ...testSettings, languages: ['english'] })
  return ledger
}

describeLedger(name, open)
describeEditions(name, open)
describeGenerations(name, open)
describeLedgerNumbers(name, open)
