import { randomUUID } from 'node:crypto'
import type { CheckOutcome } from '../../../schemas/numbers.ts'
import { toAquiferError, type AquiferError } from '../../core/errors.ts'
import type { KeptState, LedgerNumbers } from '../../core/ledger-numbers.ts'
import { guardsOf } from '../checks/guards-of.ts'
import { dueChecks } from '../checks/outcomes-of.ts'
import { runChecks, type CheckContext } from '../checks/run-checks.ts'
import { keptNames, keptPolicy } from '../kept/kept-queries.ts'
import { definitionOfKept, refreshKept, type RefreshContext, type Refreshed } from '../kept/refresh-kept.ts'
import { holdLease } from './hold-lease.ts'

export interface UpkeepContext extends CheckContext, RefreshContext {
  readonly ledger: LedgerNumbers
}

export interface UpkeepResult {
  readonly checks: readonly CheckOutcome[]
  readonly kept: readonly Refreshed[]
  /** Another process is at it. */
  readonly elsewhere: boolean
}

const elsewhere: UpkeepResult = { checks: [], kept: [], elsewhere: true }

const leaseName = 'numbers'
/** Short: whoever takes over waits for it. */
const leaseMs = 10_000
const run = randomUUID()
const longestSleepMs = 15_000
const retryMs = 300_000

/** Runs every check and refreshes every kept query once, unless another process does just that. */
export async function keepOnce(context: UpkeepContext, signal: AbortSignal): Promise<UpkeepResult> {
  const { clock } = context
  const deadline = clock.now() + leaseMs + 2000
  for (;;) {
    await using lease = await holdLease({ ...context, name: leaseName, run, leaseMs })
    if (lease !== undefined) {
      await forget(context)
      const guards = guardsOf(context.layer, Object.keys(context.layer.metrics))
      const due = { guards, kept: keptNames(context.layer), states: await statesOf(context) }
      return await round(context, due, [signal, lease.lost]).catch((error: unknown) => {
        if (lease.lost.aborted && !signal.aborted) return elsewhere
        throw error
      })
    }
    if (clock.now() > deadline || signal.aborted) return elsewhere
    await clock.sleep(500, signal)
  }
}

interface WatchOptions {
  readonly signal: AbortSignal
  readonly onResult: (result: UpkeepResult) => void
  readonly onTrouble: (error: AquiferError) => void
}

/** Runs what is due until the signal fires. Rides out whatever goes wrong. */
export async function keepWatch(context: UpkeepContext, options: WatchOptions): Promise<void> {
  const { clock } = context
  for (let failures = 0; !options.signal.aborted;) {
    try {
      await using lease = await holdLease({ ...context, name: leaseName, run, leaseMs })
      if (lease !== undefined) {
        await forget(context)
        await watch(context, AbortSignal.any([options.signal, lease.lost]), options)
      }
      failures = 0
      await clock.sleep(leaseMs / 2, options.signal)
    } catch (thrown) {
      if (options.signal.aborted) return
      options.onTrouble(toAquiferError(thrown))
      failures += 1
      await clock.sleep(Math.min(60_000, 1000 * 2 ** Math.min(failures, 6)), options.signal)
    }
  }
}

async function watch(context: UpkeepContext, signal: AbortSignal, { onResult }: WatchOptions): Promise<void> {
  const { layer, ledger, clock } = context
  while (!signal.aborted) {
    const now = clock.now()
    const states = await statesOf(context)
    const guards = dueChecks(layer, await ledger.checkNotes(), now)
    const kept = await dueKept(context, states, now)
    if (guards.length > 0 || kept.length > 0) {
      const result = await round(context, { guards, kept, states }, [signal]).catch((error: unknown) => {
        if (signal.aborted) return undefined
        throw error
      })
      if (result !== undefined) onResult(result)
    }
    await clock.sleep(Math.min(longestSleepMs, nextDueMs(context)), signal)
  }
}

interface Due {
  readonly guards: Parameters<typeof runChecks>[1]
  readonly kept: readonly string[]
  readonly states: ReadonlyMap<string, KeptState>
}

async function round(
  context: UpkeepContext,
  { guards, kept, states }: Due,
  signals: readonly AbortSignal[],
): Promise<UpkeepResult> {
  const signal = AbortSignal.any([...signals])
  const checks = await runChecks(context, guards, signal)
  const refreshed: Refreshed[] = []
  for (const name of kept) refreshed.push(await refreshKept(context, name, { state: states.get(name), signal }))
  return { checks, kept: refreshed, elsewhere: false }
}

async function statesOf({ ledger }: UpkeepContext): Promise<ReadonlyMap<string, KeptState>> {
  const states = await ledger.keptStates()
  return new Map(states.flatMap((state) => (state.policy === keptPolicy ? [[state.name, state]] : [])))
}

async function dueKept(
  context: UpkeepContext,
  states: ReadonlyMap<string, KeptState>,
  now: number,
): Promise<readonly string[]> {
  const due: string[] = []
  for (const name of keptNames(context.layer)) {
    const state = states.get(name)
    const everyMs = context.layer.queries[name]?.every ?? 0
    const tried = state?.lastError === undefined ? undefined : Date.parse(state.lastError.at)
    const waits = tried !== undefined && tried + Math.min(everyMs, retryMs) > now
    const current = state?.asOf !== undefined && Date.parse(state.asOf) + everyMs > now
    if (waits) continue
    if (!current || (await definitionOfKept(context, name)) !== state.definition) due.push(name)
  }
  return due
}

/** The shortest of all intervals: nothing is due more often. */
function nextDueMs({ layer }: UpkeepContext): number {
  const intervals = [
    ...Object.values(layer.metrics).map(({ checks_every: everyMs }) => everyMs),
    ...keptNames(layer).map((name) => layer.queries[name]?.every ?? longestSleepMs),
  ]
  return Math.max(1000, Math.min(longestSleepMs, ...intervals))
}

function forget({ layer, ledger }: UpkeepContext): Promise<void> {
  const guards = guardsOf(layer, Object.keys(layer.metrics))
  const checks = guards.map(({ metric, name }) => ({ metric, name }))
  return ledger.forgetNumbers({ checks, kept: keptNames(layer) })
}
