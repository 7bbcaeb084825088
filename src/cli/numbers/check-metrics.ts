import type { Run } from '../run.ts'
import { terminalWidth } from '../terminal-width.ts'
import { askNumbers } from './ask-numbers.ts'
import { checksText, isFailing } from './checks-text.ts'
import { splitList } from './split-list.ts'

/** 1 where a check fails or cannot be run. */
export async function checkMetrics(run: Run, words: readonly string[]): Promise<number | void> {
  const names = words.flatMap(splitList)
  return askNumbers(run, async ({ numbers, wait }) => {
    const checking = numbers.check(names.length === 0 ? undefined : names, { signal: run.signal })
    const checks = await wait('Running the checks', checking)
    const ok = !checks.some(isFailing)
    run.print({ ok, checks }, () => checksText(checks, terminalWidth()))
    return ok ? 0 : 1
  })
}
