import { randomUUID } from 'node:crypto'
import { AquiferError } from '../core/errors.ts'
import type { PipelineContext } from './pipeline.ts'

const leaseMs = 10_000

/** One process at a time builds or switches generations and editions; the lease of one that died runs out. GENERATION_BUSY after that. */
export async function aloneWithGenerations<T>(
  { ledger, clock, log }: PipelineContext,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const lease = { name: 'generations', run: randomUUID(), leaseMs }
  const deadline = clock.passed() + leaseMs + 2000
  while (!(await ledger.takeLease(lease))) {
    signal.throwIfAborted()
    if (clock.passed() > deadline)
      throw new AquiferError('GENERATION_BUSY', 'Another process is building or switching a generation.')
    await clock.sleep(500, signal)
  }
  const timer = setInterval(() => {
    ledger.takeLease(lease).catch((error: unknown) => {
      log.warn({ err: error }, 'could not renew the lease of generations')
    })
  }, leaseMs / 3)
  timer.unref()
  try {
    return await work()
  } finally {
    clearInterval(timer)
    await ledger.dropLease(lease)
  }
}
