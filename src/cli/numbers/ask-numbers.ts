import type { Caller } from '../../core/caller.ts'
import type { OpenNumbers } from '../../open-numbers.ts'
import { showMovingLine } from '../moving-line.ts'
import type { Run } from '../run.ts'
import { withNumbers } from '../with-numbers.ts'

export interface Asking extends OpenNumbers {
  readonly caller: Caller
  /** Waits for an answer; people see that, and how long, from one second on. */
  readonly wait: <T>(what: string, answer: Promise<T>) => Promise<T>
}

/** Runs a command over the metrics; when it is stopped, so is what the databases do for it. Gives the exit code. */
export async function askNumbers(run: Run, work: (asking: Asking) => Promise<number | void>): Promise<number | void> {
  try {
    return await withNumbers(run, (opened, caller) =>
      work({
        ...opened,
        caller,
        wait: async (what, answer) => {
          const started = Date.now()
          const seconds = (): string => String(Math.round((Date.now() - started) / 1000))
          const text = process.stderr.isTTY ? () => `${what}, ${seconds()} s; Ctrl-C ends it there, too` : () => what
          const line = showMovingLine(run, text, 1000)
          try {
            return await answer
          } finally {
            line.end()
          }
        },
      }),
    )
  } catch (error) {
    if (!run.signal.aborted) throw error
    run.say('Stopped.')
    return run.stoppedCode()
  }
}
