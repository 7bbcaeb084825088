import type { CheckOutcome } from '../../../schemas/numbers.ts'
import type { MetricDimension } from '../../core/numbers.ts'
import { lineageText, type MetricDescription } from '../../semantic/describe-metric.ts'
import { duration } from '../table.ts'
import { dimensionLines } from './dimension-lines.ts'
import { moment } from './proof-lines.ts'

export interface Details {
  readonly metric: MetricDescription
  readonly dimensions: readonly MetricDimension[]
  readonly checks: readonly CheckOutcome[]
}

/** What a metric is, whether to trust it, what it can be asked by, and where its numbers come from. */
export function detailsText({ metric, dimensions, checks }: Details, width: number | undefined): string {
  const { name, label, description } = metric
  const blocks = [
    [`${name}${label === null ? '' : `: ${label}`}`, ...(description === null ? [] : [description])],
    facts(metric, checks),
    ...(dimensions.length === 0 ? [] : [['asked by', ...indented(dimensionLines(dimensions, (width ?? 100) - 2))]]),
    ['comes from', ...indented(lineageText(metric.lineage).split('\n'))],
    [exampleOf(name, dimensions)],
  ]
  return blocks.map((block) => block.join('\n')).join('\n\n')
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)

function facts(metric: MetricDescription, checks: readonly CheckOutcome[]): readonly string[] {
  const { status, successor, scope, filter, owner, synonyms, freshness_ms: freshness, version } = metric
  const all = [
    ['scope', [scope ?? 'none is declared']],
    ['only where', filter === null ? [] : [filter]],
    ['status', [successor === null ? status : `${status}, use ${successor}`]],
    ['checks', checks.length === 0 ? ['none'] : checks.map((check) => checkText(metric.name, check))],
    ['freshness', freshness === null ? [] : [`stale when older than ${duration(freshness)}`]],
    ['owner', owner === null ? [] : [owner]],
    ['also called', synonyms.length === 0 ? [] : [synonyms.join(', ')]],
    ['version', [`${String(version)} (${metric.definition_hash.slice(0, 12)})`]],
  ] as const
  return all.flatMap(([what, texts]) =>
    texts.map((text, index) => `  ${(index === 0 ? what : '').padEnd(11)}  ${text}`),
  )
}

const words: Readonly<Record<CheckOutcome['status'], string>> = {
  passed: '✓',
  failed: '✗',
  error: '✗',
  never: '·',
}

function checkText(of: string, { metric, name, status, at, message }: CheckOutcome): string {
  const whose = metric === of ? name : `${metric}.${name}`
  if (status === 'never' || at === null) return `${words[status]} ${whose}: not run yet`
  const found = status === 'passed' ? 'passed' : status === 'failed' ? 'fails' : 'could not be run'
  return `${words[status]} ${whose} ${found}${message === null ? '' : `: ${message}`} (${moment(at)})`
}

function exampleOf(name: string, dimensions: readonly MetricDimension[]): string {
  const hasTime = dimensions.some((dimension) => dimension.name === 'metric_time')
  return `Ask: aquifer metrics query ${name}${hasTime ? ' --by metric_time__month' : ''}`
}
