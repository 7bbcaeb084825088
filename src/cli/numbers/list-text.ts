import type { MetricSummary } from '../../../schemas/numbers.ts'
import { wordTable } from './word-table.ts'

const checkWords: Readonly<Record<MetricSummary['checks'], string>> = {
  passed: '✓ pass',
  failed: '✗ FAIL',
  none: '',
  never: '· not run',
}

/** The metrics, a line each. */
export function listText(metrics: readonly MetricSummary[], width: number | undefined): string {
  const rows = metrics.map(({ name, type, status, checks, label, description, scope }) => [
    name,
    type,
    status,
    checkWords[checks],
    [description ?? label, scope].filter((text) => text !== null && text !== '').join('; '),
  ])
  return wordTable(['metric', 'type', 'status', 'checks', 'what it is'], rows, { width, cut: ['what it is'] })
}
