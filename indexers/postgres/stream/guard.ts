import type { Log } from '../../../src/core/log.ts'
import type { Place } from '../../../src/core/source-error.ts'
import type { Session } from '../session.ts'
import { findSlot } from './slot.ts'

/** Watches over the log that the server keeps for a slot, also while whoever reads it waits for something else. */
export interface Guard extends Disposable {
  /** Looks now; whether it is more than may be kept. */
  isOver(): Promise<boolean>
}

interface GuardOptions {
  readonly session: Session
  readonly place: Place
  readonly slot: string
  /** Bytes of log that the slot may make the server keep. */
  readonly walBudget: number
  readonly log: Log
  /** Gives the slot up: the disk of the source goes before the time that reading again takes. */
  readonly giveUp: () => Promise<void>
  readonly everyMs?: number
}

export function guardSlot({ session, place, slot, walBudget, log, giveUp, everyMs = 10_000 }: GuardOptions): Guard {
  const budget = BigInt(walBudget)
  let warned = false

  async function isOver(): Promise<boolean> {
    const found = await findSlot(session, place, slot)
    if (found === undefined) return false
    const told = { slot, kept_bytes: Number(found.kept), wal_budget: walBudget }
    if (found.kept > budget) {
      log.error(
        told,
        `${place.subject}: the log kept for its slot exceeds walBudget; the slot is dropped and all is read again`,
      )
      return true
    }
    const isMuch = found.kept * 2n > budget
    if (isMuch && !warned) log.warn(told, `${place.subject}: the log kept for its slot is more than half of walBudget`)
    warned = isMuch
    return false
  }

  let looking: Promise<void> | undefined
  const timer = setInterval(() => {
    looking ??= isOver()
      .then((over) => (over ? giveUp() : undefined))
      // Whoever reads meets the same trouble and tells of it.
      .catch(() => {})
      .finally(() => (looking = undefined))
  }, everyMs)
  timer.unref()
  return { isOver, [Symbol.dispose]: () => clearInterval(timer) }
}
