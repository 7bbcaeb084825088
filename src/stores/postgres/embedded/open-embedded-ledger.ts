import { deserialize, serialize } from 'node:v8'
import type { Ledger } from '../../../core/ledger.ts'
import { silentLog, type Log } from '../../../core/log.ts'
import type { LedgerOptions } from '../context.ts'
import { ledgerRules } from './operation-rules.ts'
import { packageVersion } from './package-version.ts'
import { openSharedStore, type SharedStore } from './shared-store.ts'

interface EmbeddedSettings {
  /** The store's own folder; made if it is not there. */
  readonly dir: string
  readonly options: LedgerOptions
  readonly log?: Log
  /** Ends opening, not the open ledger. */
  readonly signal?: AbortSignal | undefined
  /** Where a new database is kept as a seed for others; by default this user's cache folder. */
  readonly cacheDir?: string
}

/**
 * The ledger on Postgres inside a process of this user, shared by all that open the same folder. It survives the end of
 * any process in any way; a power cut may cost what was written last, because nothing waits for the disk.
 */
export async function openEmbeddedLedger(settings: EmbeddedSettings): Promise<Ledger> {
  const file = import.meta.url.endsWith('.ts') ? './open-operations.ts' : './open-operations.js'
  const store = await openSharedStore({
    ...settings,
    log: settings.log ?? silentLog,
    version: await packageVersion(),
    operationsUrl: new URL(file, import.meta.url).href,
    rules: ledgerRules,
  })
  return ledgerOn(store)
}

function ledgerOn(store: SharedStore): Ledger {
  const operations = Object.keys(ledgerRules).map((name) => [
    name,
    async (args: unknown): Promise<unknown> => deserialize(await store.run(name, serialize(args))),
  ])
  // `ledgerRules` has every operation of the port and no other; the worker runs the operation of that name.
  return { ...Object.fromEntries(operations), [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() } as Ledger
}
