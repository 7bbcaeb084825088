import type { MetricSummary } from '../../../schemas/numbers.ts'
import type { Run } from '../run.ts'
import { terminalWidth } from '../terminal-width.ts'
import { askNumbers } from './ask-numbers.ts'
import { listText } from './list-text.ts'

/** The metrics that have all of these words. */
export async function listMetrics(run: Run, words: readonly string[]): Promise<number | void> {
  return askNumbers(run, async ({ numbers, caller }) => {
    const all = (await numbers.list(caller)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const found = all.filter((metric) => words.every((word) => hasWord(metric, word)))
    run.print({ metrics: found }, () => {
      if (all.length === 0) return 'The folder defines no metrics yet.'
      if (found.length === 0) return `None of the ${String(all.length)} metrics has ${words.join(' and ')}.`
      return listText(found, terminalWidth())
    })
  })
}

function hasWord({ name, label, description, synonyms }: MetricSummary, word: string): boolean {
  return [name, name.replaceAll('_', ' '), label ?? '', description ?? '', ...synonyms].some((text) =>
    text.toLowerCase().includes(word.toLowerCase()),
  )
}
