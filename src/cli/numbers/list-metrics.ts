import type { MetricSummary } from '../../../schemas/numbers.ts'
import type { Run } from '../run.ts'
import { terminalWidth } from '../terminal-width.ts'
import { askNumbers } from './ask-numbers.ts'
import { listText, savedText } from './list-text.ts'

/** The metrics that have all of these words. */
export async function listMetrics(run: Run, words: readonly string[]): Promise<number | void> {
  return askNumbers(run, async ({ numbers, caller }) => {
    const all = (await numbers.list(caller)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const found = all.filter((metric) => words.every((word) => hasWord(metric, word)))
    const saved = (await numbers.savedQuestions(caller)).filter((question) =>
      words.every((word) => hasWord({ ...question, label: null, synonyms: question.metrics }, word)),
    )
    run.print({ metrics: found, savedQueries: saved }, () => {
      if (all.length === 0) return 'The folder defines no metrics yet.'
      const width = terminalWidth()
      const none = `None of the ${String(all.length)} metrics has ${words.join(' and ')}.`
      const metrics = found.length === 0 ? none : listText(found, width)
      return saved.length === 0 ? metrics : `${metrics}\n\n${savedText(saved, width)}`
    })
  })
}

type Worded = Pick<MetricSummary, 'name' | 'label' | 'description'> & { readonly synonyms: readonly string[] }

function hasWord({ name, label, description, synonyms }: Worded, word: string): boolean {
  return [name, name.replaceAll('_', ' '), label ?? '', description ?? '', ...synonyms].some((text) =>
    text.toLowerCase().includes(word.toLowerCase()),
  )
}
