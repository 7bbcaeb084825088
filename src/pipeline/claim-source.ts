import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { AquiferError, toAquiferError, toErrorView } from '../core/errors.ts'
import type { Claim, Edition, Holder } from '../core/ledger-sync.ts'
import type { PipelineContext } from './pipeline.ts'
import type { SourceJob } from './source-job.ts'

const leaseMs = 10_000

/** This process, as the ledger knows it. */
export const thisHolder: Holder = { host: hostname(), pid: process.pid, run: randomUUID() }

interface ClaimOptions {
  /** What the caller cuts and embeds for. */
  readonly generation: number
  /** `active` where absent. */
  readonly edition?: Edition
  /** From whoever holds it. */
  readonly takesOver?: boolean
  readonly onLost: (error: unknown) => void
  readonly signal: AbortSignal
}

/** Disposing it gives the source back and says nothing of how it went. */
export interface HeldClaim extends Claim, AsyncDisposable {
  /** Stops renewing and gives the source back, with what went wrong if anything did. */
  release(error?: unknown): Promise<void>
}

/**
 * Claims a source and keeps the claim alive. A lease left by a process of this machine that is dead is taken at once,
 * any other one after it has run out; a live holder is SOURCE_BUSY. `onLost` is called when somebody else took it over.
 * GENERATION_SWITCHED when another generation answers than the one the caller's settings are of.
 */
export async function claimSource(
  context: PipelineContext,
  job: SourceJob,
  { generation, edition = 'active', takesOver = false, onLost, signal }: ClaimOptions,
): Promise<HeldClaim> {
  const { ledger, clock } = context
  const { name, type, language } = job.config
  const deadline = clock.passed() + leaseMs + 2000
  for (;;) {
    const before = await ledger.holder({ source: name, edition })
    const dead = takesOver || isDead(before) ? before?.run : undefined
    try {
      const claim = await ledger.claim({ source: name, edition, type, language, holder: thisHolder, leaseMs, dead })
      if (claim.generation !== generation) {
        await ledger.release({ ...claim, error: 'as before' })
        throw new AquiferError('GENERATION_SWITCHED', 'The ledger has been switched to another generation.')
      }
      return hold(context, claim, onLost)
    } catch (error) {
      const busy = error instanceof AquiferError && error.code === 'SOURCE_BUSY'
      if (!busy || clock.passed() > deadline || signal.aborted) throw error
      await clock.sleep(500, signal)
    }
  }
}

function isDead(holder: Holder | undefined): boolean {
  if (holder === undefined || holder.host !== thisHolder.host) return false
  // A process of this machine that reuses our own pid is not us.
  return holder.pid !== process.pid && !isAlive(holder.pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function hold({ ledger, log }: PipelineContext, claim: Claim, onLost: (error: unknown) => void): HeldClaim {
  const { sourceId, epoch } = claim
  const timer = setInterval(() => {
    ledger.renew({ sourceId, epoch, leaseMs }).catch((error: unknown) => {
      if (error instanceof AquiferError && error.code === 'SOURCE_FENCED') onLost(error)
      else log.warn({ err: error }, 'could not renew the claim on a source')
    })
  }, leaseMs / 3)
  timer.unref()
  const giveBack = async (error: Parameters<typeof ledger.release>[0]['error']): Promise<void> => {
    clearInterval(timer)
    await ledger.release({ sourceId, epoch, error })
  }
  return {
    ...claim,
    release: (error) => giveBack(error === undefined ? undefined : toErrorView(toAquiferError(error))),
    [Symbol.asyncDispose]: () => giveBack('as before'),
  }
}
