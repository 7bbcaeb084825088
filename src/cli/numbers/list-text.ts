import type { MetricSummary } from '../../../schemas/numbers.ts'
import type { SavedQuestion } from '../../core/numbers.ts'
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

/** The saved queries, a line each: `metrics query NAME` asks them. */
export function savedText(saved: readonly SavedQuestion[], width: number | undefined): string {
  const rows = saved.map(({ name, description, metrics, by, kept }) => [
    name,
    kept ? 'computed ahead' : '',
    [metrics.join(', '), by.length === 0 ? '' : `by ${by.join(', ')}`].filter((text) => text !== '').join(' '),
    description ?? '',
  ])
  const head = ['saved query', 'kept', 'asks for', 'what it is']
  return wordTable(head, rows, { width, cut: ['asks for', 'what it is'] })
}
