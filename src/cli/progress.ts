import type { SyncProgress } from '../pipeline/pipeline.ts'
import { showMovingLine } from './moving-line.ts'
import type { Run } from './run.ts'

export interface ProgressView {
  readonly update: (progress: SyncProgress) => void
  readonly note: (text: string) => void
  readonly end: () => void
}

/** One moving line on a terminal, a line every ten seconds elsewhere, nothing for programs. */
export function showProgress(run: Run): ProgressView {
  const states = new Map<string, SyncProgress>()
  const line = showMovingLine(run, () =>
    [...states.values()]
      .filter(({ phase }) => phase !== 'done' && phase !== 'failed')
      .map(describe)
      .join(' · '),
  )
  return {
    update: (progress) => void states.set(progress.source, progress),
    note: (text) => {
      line.clear()
      run.say(text)
    },
    end: line.end,
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
