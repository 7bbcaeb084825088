import { randomUUID } from 'node:crypto'
import { toAquiferError, type AquiferError } from '../../core/errors.ts'
import type { PipelineContext } from '../pipeline.ts'
import { verify, type VerifyOptions, type VerifyOutcome } from './verify.ts'

/** At most this share of the time is spent on it: after a page it rests for as long as keeps to that. */
const share = 0.03
const leaseName = 'verify'
/** Longer than any page takes. */
const leaseMs = 300_000
const renewEveryMs = 60_000
const run = randomUUID()
const firstAfterMs = 60_000
const lookEveryMs = 60_000

export interface VerifyWatchOptions extends Omit<
  VerifyOptions,
  'repair' | 'reads' | 'pace' | 'onProgress' | 'settings'
> {
  readonly settings: () => Promise<VerifyOptions['settings']>
  readonly everyMs: number
  readonly onResult: (outcome: VerifyOutcome) => void
}

/**
 * Beside a watch: verifies slowly whenever it is due and mends what it finds, until the signal aborts. One process of a
 * deployment does it at a time. Rides out whatever goes wrong.
 */
export async function verifyWatch(pipeline: PipelineContext, options: VerifyWatchOptions): Promise<void> {
  const { ledger, clock, log } = pipeline
  const { signal, everyMs } = options
  const lookMs = Math.min(lookEveryMs, everyMs)
  await clock.sleep(Math.min(firstAfterMs, everyMs), signal)
  for (; !signal.aborted; await clock.sleep(lookMs, signal)) {
    try {
      if (!(await isDue(pipeline, options))) continue
      if (!(await ledger.takeLease({ name: leaseName, run, leaseMs }))) continue
      const outcome = await verifyOnce(pipeline, options)
      const { found, remaining, complete, tookMs } = outcome
      log.info({ found, remaining, complete, tookMs }, 'verified')
      options.onResult(outcome)
    } catch (thrown) {
      if (signal.aborted) break
      const error: AquiferError = toAquiferError(thrown)
      log.warn({ err: thrown, code: error.code }, `could not verify: ${error.message}`)
    }
  }
  await ledger.dropLease({ name: leaseName, run }).catch(() => {})
}

async function isDue({ ledger, clock }: PipelineContext, { groups, everyMs }: VerifyWatchOptions): Promise<boolean> {
  const names = new Set(groups.flatMap(({ jobs }) => jobs.map(({ config }) => config.name)))
  const sources = (await ledger.status()).sources.filter(({ name, asOfMs }) => names.has(name) && asOfMs !== undefined)
  return sources.some(({ verified }) => verified === undefined || clock.now() - Date.parse(verified.at) >= everyMs)
}

async function verifyOnce(pipeline: PipelineContext, options: VerifyWatchOptions): Promise<VerifyOutcome> {
  const { ledger, clock } = pipeline
  let renewedMs = clock.passed()
  const pace = async (workMs: number): Promise<void> => {
    const until = clock.passed() + workMs * (1 / share - 1)
    do {
      await clock.sleep(Math.min(renewEveryMs, Math.max(0, until - clock.passed())), options.signal)
      if (clock.passed() - renewedMs < renewEveryMs) continue
      renewedMs = clock.passed()
      await ledger.takeLease({ name: leaseName, run, leaseMs })
    } while (clock.passed() < until && !options.signal.aborted)
  }
  return verify(pipeline, {
    ...options,
    settings: await options.settings(),
    repair: true,
    // The watch holds the sources, and reads them.
    reads: 'elsewhere',
    pace,
    onProgress: () => {},
  })
}
