import { vi } from 'vitest'
import type { Ledger } from '../../src/core/ledger.ts'
import { openEmbeddedLedger } from '../../src/stores/postgres/embedded/open-embedded-ledger.ts'
import { describeGenerations } from '../kit/generation-suite.ts'
import { describeLedgerNumbers } from '../kit/ledger-numbers-suite.ts'
import { describeLedger } from '../kit/ledger-suite.ts'
import { testSettings } from '../kit/ledger-writes.ts'
import { openTempDir } from '../kit/temp-dir.ts'

// Every opening compiles a database engine: seconds where many programs share few cores.
vi.setConfig({ testTimeout: 240_000 })

const name = 'the ledger on the embedded Postgres'

async function open(): Promise<Ledger> {
  const folder = await openTempDir()
  const ledger = await openEmbeddedLedger({ dir: folder.path, options: { schema: 'aquifer', lexical: 'ledger' } })
  await ledger.ensureGeneration({ ...testSettings, languages: ['english'] })
  return {
    ...ledger,
    [Symbol.asyncDispose]: async () => {
      await ledger[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

describeLedger(name, open)
describeGenerations(name, open)
describeLedgerNumbers(name, open)
