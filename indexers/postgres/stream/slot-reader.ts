import { sqlState } from '../source-error.ts'
import { openLog, type Log } from './log.ts'
import { lsnNumber } from './lsn.ts'
import { endReader } from './slot.ts'
import type { StreamContext } from './stream-context.ts'

/** The log of the connection's slot, read from where it is wanted. */
export interface SlotReader extends AsyncDisposable {
  /** What is being read. */
  readonly current: Log | undefined
  /** From the lowest cursor on; the log that is open already, if that is where it stands. */
  open(): Promise<Log>
  close(): Promise<void>
}

/** Who is told to let go of a slot may take a while, on a busy server. */
const mostTries = 20

export function createSlotReader(context: StreamContext): SlotReader {
  const { address, place, slot, publication, progress, session, clock, signal } = context
  let current: Log | undefined

  async function open(): Promise<Log> {
    const from = [...context.tracks.values()]
      .map(({ cursor }) => lsnNumber(cursor.lsn))
      .reduce((a, b) => (a < b ? a : b))
    if (current !== undefined && progress.position === from && progress.transaction === undefined) return current
    await close()
    progress.position = from
    progress.transaction = undefined
    const opening = { address, place, slot, publication, from, signal }
    for (let tries = 1; ; tries += 1) {
      try {
        return (current = await openLog(opening))
      } catch (error) {
        const isTaken = error instanceof Error && sqlState(error.cause) === '55006'
        if (!isTaken || tries >= mostTries) throw error
        // Whoever has the claim on the sources has the slot: what still holds it is a process that is gone or fenced.
        await endReader(session, place, slot)
        await clock.sleep(500, signal)
      }
    }
  }

  async function close(): Promise<void> {
    const log = current
    current = undefined
    await log?.[Symbol.asyncDispose]()
  }

  return {
    get current() {
      return current
    },
    open,
    close,
    [Symbol.asyncDispose]: close,
  }
}
