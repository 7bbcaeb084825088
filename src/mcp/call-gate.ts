import type { Caller } from '../core/caller.ts'
import { AquiferError } from '../core/errors.ts'

/** Bounds how many calls run and wait at once, fairly between callers. */
export interface CallGate {
  /** Runs the work when it is the caller's turn; CALLER_BUSY when too many of the caller's calls wait already. */
  readonly run: <T>(caller: Caller, signal: AbortSignal, work: () => Promise<T>) => Promise<T>
}

interface Limits {
  /** Calls of one caller that run at once. */
  readonly perCaller: number
  /** Calls of all callers that run at once. */
  readonly total: number
  /** Calls of one caller that may wait. */
  readonly waiting: number
}

interface Line {
  running: number
  readonly waiting: Set<() => void>
}

const defaultLimits: Limits = { perCaller: 32, total: 64, waiting: 128 }

export function createCallGate(limits: Limits = defaultLimits): CallGate {
  /** Callers with calls, the one whose turn is next first. */
  const lines = new Map<string, Line>()
  let running = 0

  function lineOf(id: string): Line {
    const line = lines.get(id) ?? { running: 0, waiting: new Set() }
    lines.set(id, line)
    return line
  }

  /** The turn is of the caller with the fewest calls running; among equals, of the one that has waited longest for it. */
  function admit(): void {
    if (running >= limits.total) return
    let chosen: readonly [string, Line] | undefined
    for (const [id, line] of lines) {
      if (line.waiting.size === 0 || line.running >= limits.perCaller) continue
      if (chosen === undefined || line.running < chosen[1].running) chosen = [id, line]
    }
    const [next] = chosen?.[1].waiting ?? []
    if (chosen === undefined || next === undefined) return
    chosen[1].waiting.delete(next)
    enter(...chosen)
    next()
  }

  function enter(id: string, line: Line): void {
    running++
    line.running++
    // To the end of the order: the others' turn comes first.
    lines.delete(id)
    lines.set(id, line)
  }

  function leave(id: string, line: Line): void {
    running--
    line.running--
    forget(id, line)
    admit()
  }

  function forget(id: string, line: Line): void {
    if (line.running === 0 && line.waiting.size === 0) lines.delete(id)
  }

  async function turn(id: string, line: Line, signal: AbortSignal): Promise<void> {
    if (running < limits.total && line.running < limits.perCaller) return enter(id, line)
    if (line.waiting.size >= limits.waiting) {
      throw new AquiferError('CALLER_BUSY', `${limits.waiting} calls of this caller wait already.`)
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = (): void => {
        line.waiting.delete(go)
        forget(id, line)
        reject(new AquiferError('CANCELLED', 'The call was cancelled while it waited.'))
      }
      line.waiting.add(go)
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  return {
    run: async (caller, signal, work) => {
      if (signal.aborted) throw new AquiferError('CANCELLED', 'The call was cancelled.')
      const line = lineOf(caller.id)
      await turn(caller.id, line, signal)
      try {
        return await work()
      } finally {
        leave(caller.id, line)
      }
    },
  }
}
