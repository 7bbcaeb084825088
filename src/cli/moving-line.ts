import { plainText } from './plain-text.ts'
import type { Run } from './run.ts'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const everyMs = 100

export interface MovingLine {
  /** Makes room for what is printed in between. */
  readonly clear: () => void
  readonly end: () => void
}

/**
 * What is going on, on stderr: one moving line on a terminal from `afterMs` on, a line every ten seconds elsewhere, nothing
 * for programs. An empty text is not shown.
 */
export function showMovingLine({ json, say }: Pick<Run, 'json' | 'say'>, text: () => string, afterMs = 0): MovingLine {
  const terminal = process.stderr.isTTY
  const started = Date.now()
  let frame = 0
  const paint = (): void => {
    const elapsedMs = Date.now() - started
    const line = plainText(text())
    if (line === '' || elapsedMs < afterMs) return
    if (!terminal) return say(`${line} (${String(Math.round(elapsedMs / 1000))} s)`)
    const width = (process.stderr.columns ?? 80) - 3
    process.stderr.write(`\r\u001b[2K${frames[frame++ % frames.length] ?? ''} ${line.slice(0, width)}`)
  }
  const timer = json ? undefined : setInterval(paint, terminal ? everyMs : 10_000)
  timer?.unref()
  const clear = (): void => {
    if (terminal && !json) process.stderr.write('\r\u001b[2K')
  }
  return {
    clear,
    end: () => {
      clearInterval(timer)
      clear()
    },
  }
}
