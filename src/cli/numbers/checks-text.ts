import type { CheckOutcome } from '../../../schemas/numbers.ts'
import { moment } from './proof-lines.ts'
import { wordTable } from './word-table.ts'

const words: Readonly<Record<CheckOutcome['status'], string>> = {
  passed: '✓ passed',
  failed: '✗ failed',
  error: '✗ could not run',
  never: '· not yet run',
}

/** What each check found, those first that need somebody. */
export function checksText(outcomes: readonly CheckOutcome[], width: number | undefined): string {
  if (outcomes.length === 0) return 'No checks are declared.'
  const sorted = outcomes.toSorted((a, b) => graveness(a) - graveness(b))
  return wordTable(
    ['metric', 'check', 'status', 'when', 'what was found'],
    sorted.map(({ metric, name, status, at, message }) => [
      metric,
      name,
      words[status],
      at === null ? '' : moment(at),
      message ?? '',
    ]),
    { width, cut: ['what was found'] },
  )
}

const graveness = ({ status }: CheckOutcome): number => ['failed', 'error', 'never', 'passed'].indexOf(status)

export function isFailing({ status }: Pick<CheckOutcome, 'status'>): boolean {
  return status === 'failed' || status === 'error'
}
