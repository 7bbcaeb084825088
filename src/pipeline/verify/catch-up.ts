import type { AquiferError } from '../../core/errors.ts'
import { syncGroup } from '../sync-group.ts'
import { tell, type VerifiedSource, type VerifyContext } from './verify-context.ts'

/** Clocks of sources and of this machine may differ by so much. */
const marginMs = 2000
const askEveryMs = 500

/** Brings the ledger past a moment of its source. */
export interface CatchUp {
  /**
   * Resolves to whether everything that the source held at `moment` has been read, deletes that are found by comparison
   * among it where `deletes` asks for them.
   */
  past(target: VerifiedSource, moment: number, deletes: boolean): Promise<boolean>
  /** Everything of the source is read again, and what only the ledger has is deleted; resolves once that is done. */
  reread(target: VerifiedSource): Promise<boolean>
}

/** Syncs the source itself, or waits for the process that holds it. */
export function catchUpBySync(context: VerifyContext): CatchUp {
  const waiting = catchUpByWaiting(context)
  const run = async (target: VerifiedSource, full: boolean): Promise<AquiferError | undefined> => {
    const [outcome] = await syncGroup(
      context.pipeline,
      { ...target.group, jobs: [target.job] },
      {
        generation: context.generation,
        full,
        watch: false,
        compareAll: true,
        signal: context.signal,
        onProgress: () => tell(context, target.job.config.name, 'catching up'),
        onCommit: () => {},
        onRead: () => false,
        onTrouble: () => {},
      },
    )
    return outcome?.error
  }
  return {
    past: async (target, moment, deletes) => {
      const error = await run(target, false)
      if (error?.code === 'SOURCE_BUSY') return waiting.past(target, moment, deletes)
      if (error !== undefined) throw error
      return true
    },
    reread: async (target) => {
      const error = await run(target, true)
      if (error?.code === 'SOURCE_BUSY') return waiting.reread(target)
      if (error !== undefined) throw error
      return true
    },
  }
}

/** Leaves reading to the process that holds the source: the watch that this runs beside, or another one. */
export function catchUpByWaiting(context: VerifyContext): CatchUp {
  const { pipeline, signal } = context
  const { ledger, clock } = pipeline
  const wait = async (
    { sourceId, job }: VerifiedSource,
    { moment, deletes, isLong }: { readonly moment: number; readonly deletes: boolean; readonly isLong: boolean },
  ): Promise<boolean> => {
    const { name, everyMs, compareMs } = job.config
    const patienceMs = 60_000 + 3 * (everyMs + (deletes ? compareMs : 0))
    let deadline = clock.passed() + patienceMs
    while (clock.passed() < deadline) {
      signal.throwIfAborted()
      const source = (await ledger.status()).sources.find(({ id }) => id === sourceId)
      const comparedMs = source?.comparedAt === undefined ? 0 : Date.parse(source.comparedAt)
      const reached = (atMs: number): boolean => atMs >= moment + marginMs
      if (reached(source?.asOfMs ?? 0) && (!deletes || reached(comparedMs))) return true
      // Reading everything takes what it takes, as long as somebody does.
      if (isLong && source?.syncing === true) deadline = clock.passed() + patienceMs
      tell(context, name, 'catching up')
      await clock.sleep(askEveryMs, signal)
    }
    return false
  }
  return {
    past: (target, moment, deletes) => wait(target, { moment, deletes, isLong: false }),
    reread: async (target) => {
      await ledger.requestFullRead({ sourceId: target.sourceId })
      return wait(target, { moment: clock.now(), deletes: true, isLong: true })
    },
  }
}
