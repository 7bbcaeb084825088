import type { SyncProgress } from '../pipeline/pipeline.ts'
import type { Run } from './run.ts'

export interface ProgressView {
  readonly update: (progress: SyncProgress) => void
  readonly note: (text: string) => void
  readonly end: () => void
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const everyMs = 100

/** One moving line on a terminal, a line every ten seconds elsewhere, nothing for programs. */
export function showProgress({ json, say }: Run): ProgressView {
  const states = new Map<string, SyncProgress>()
  const terminal = process.stderr.isTTY
  let frame = 0
  const started = Date.now()
  const paint = (): void => {
    const line = [...states.values()]
      .filter(({ phase }) => phase !== 'done' && phase !== 'failed')
      .map(describe)
      .join(' · ')
    if (line === '') return
    if (!terminal) return say(`${line} (${String(Math.round((Date.now() - started) / 1000))} s)`)
    const width = (process.stderr.columns ?? 80) - 3
    process.stderr.write(`\r\u001b[2K${frames[frame++ % frames.length] ?? ''} ${line.slice(0, width)}`)
  }
  const timer = json ? undefined : setInterval(paint, terminal ? everyMs : 10_000)
  timer?.unref()
  const clear = (): void => {
    if (terminal && !json) process.stderr.write('\r\u001b[2K')
  }
  return {
    update: (progress) => void states.set(progress.source, progress),
    note: (text) => {
      clear()
      say(text)
    },
    end: () => {
      clearInterval(timer)
      clear()
    },
  }
}

function describe({ source, phase, read, written, unchanged, deleted }: SyncProgress): string {
  const counts = [
    [read, 'read'],
    [written, 'written'],
    [unchanged, 'unchanged'],
    [deleted, 'deleted'],
  ] as const
  const told = counts.filter(([count]) => count > 0).map(([count, name]) => `${count.toLocaleString('en-US')} ${name}`)
  return `${source}: ${phase}${told.length === 0 ? '' : ` ${told.join(', ')}`}`
}
