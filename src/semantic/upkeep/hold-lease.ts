import type { Clock } from '../../core/clock.ts'
import type { LedgerNumbers } from '../../core/ledger-numbers.ts'

export interface HeldLease extends AsyncDisposable {
  /** Fires when another process has it, or the ledger could not be asked for so long that it may. */
  readonly lost: AbortSignal
}

interface LeaseOptions {
  readonly ledger: Pick<LedgerNumbers, 'takeLease' | 'dropLease'>
  readonly clock: Clock
  readonly name: string
  /** Of this process. */
  readonly run: string
  readonly leaseMs: number
}

/** Takes a lease and keeps it until it is disposed; undefined while another process has it. */
export async function holdLease({ ledger, clock, name, run, leaseMs }: LeaseOptions): Promise<HeldLease | undefined> {
  if (!(await ledger.takeLease({ name, run, leaseMs }))) return undefined
  const lost = new AbortController()
  let until = clock.now() + leaseMs
  const renew = async (): Promise<void> => {
    const asked = clock.now()
    const ours = await ledger.takeLease({ name, run, leaseMs }).catch(() => undefined)
    if (ours === true) until = asked + leaseMs
    if (ours === false || clock.now() >= until) lost.abort(new Error('the lease is another process’s now'))
  }
  const timer = setInterval(() => void renew(), leaseMs / 3)
  timer.unref()
  return {
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      // Whoever cannot be reached lets it run out.
      await ledger.dropLease({ name, run }).catch(() => undefined)
    },
  }
}
