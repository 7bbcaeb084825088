import type { Caller } from '../core/caller.ts'
import { AquiferError } from '../core/errors.ts'
import type { OpenNumbers } from '../open-numbers.ts'
import type { Run } from './run.ts'

/** Opens the ledger and the metrics for one command, and closes both whatever happens. */
export async function withNumbers<T>(run: Run, work: (opened: OpenNumbers, caller: Caller) => Promise<T>): Promise<T> {
  const { openLedger } = await import('../app.ts')
  const { openNumbers } = await import('../open-numbers.ts')
  const config = await run.loadConfig()
  // Before a store is made for nothing.
  if (config.metrics === undefined) throw new AquiferError('METRICS_NONE', 'aquifer.yaml names no folder of metrics.')
  const parts = { config, env: run.env, log: run.log }
  await using ledger = await openLedger({ ...parts, signal: run.signal })
  await using opened = await openNumbers({ ...parts, ledger })
  // Without await, both would be closed before the work is done.
  return await work(opened, config.access.local)
}
