import { setTimeout as sleep } from 'node:timers/promises'
import type { MetricSummary, NumbersAnswer, NumbersTable } from '../../schemas/numbers.ts'
import type { Caller } from '../../src/core/caller.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { hint } from '../../src/core/nearest.ts'
import type { AskOptions, NumbersRequest, SavedQuestion } from '../../src/core/numbers.ts'
import type { AskedNumbers } from '../../src/mcp/door.ts'
import type { MetricDescription } from '../../src/semantic/describe-metric.ts'

type Cell = NumbersTable['rows'][number][number]

export interface MemoryMetric extends Partial<MetricSummary> {
  readonly name: string
  readonly value?: Cell
  /** Who sees it; everybody when absent. */
  readonly groups?: readonly string[]
  /** What its numbers are by any dimension, a row each; the last cell is the number. */
  readonly rows?: readonly Cell[][]
}

export interface MemoryNumbers extends AskedNumbers {
  /** Every question asked, in order. */
  readonly questions: {
    readonly request: NumbersRequest
    readonly caller: Caller
    readonly options: AskOptions | undefined
  }[]
}

interface Behaviour {
  readonly delayMs?: (request: NumbersRequest) => number
  readonly notices?: readonly string[]
  /** Instead of what the metrics would answer. */
  readonly answer?: (request: NumbersRequest) => NumbersAnswer | Error | undefined
  readonly values?: readonly Cell[]
  readonly saved?: readonly SavedQuestion[]
}

/** Our port `Numbers` over a few numbers in memory, for tests of the doors. */
export function memoryNumbers(metrics: readonly MemoryMetric[], behaviour: Behaviour = {}): MemoryNumbers {
  const questions: MemoryNumbers['questions'] = []
  const visible = ({ groups, admin }: Caller): readonly MemoryMetric[] =>
    metrics.filter(
      (metric) => admin || metric.groups === undefined || metric.groups.some((one) => groups.includes(one)),
    )
  const find = (word: string, caller: Caller): readonly MemoryMetric[] => {
    const all = visible(caller)
    const found = all.filter(({ name }) => name === word)
    const called = found.length > 0 ? found : all.filter(({ synonyms = [] }) => synonyms.includes(word))
    if (called.length > 0) return called
    const names = all.map(({ name }) => name)
    throw new AquiferError('METRIC_UNKNOWN', `There is no metric ${word}${hint(word, names)}`)
  }
  return {
    questions,
    list: async (caller) => visible(caller).map(summaryOf),
    savedQuestions: async (caller) =>
      (behaviour.saved ?? []).filter(({ metrics: about }) =>
        about.every((name) => visible(caller).some((metric) => metric.name === name)),
      ),
    describe: async (name, caller) => {
      const [metric] = find(name, caller).filter((one) => one.name === name)
      if (metric === undefined) throw new AquiferError('METRIC_UNKNOWN', `There is no metric ${name}`)
      return {
        metric: descriptionOf(metric),
        dimensions: summaryOf(metric).dimensions.map((dimension) => ({
          name: dimension,
          kind: dimension === 'metric_time' ? ('time' as const) : ('dimension' as const),
          label: null,
          description: null,
          grain: dimension === 'metric_time' ? 'day' : null,
        })),
        checks: [],
      }
    },
    ask: async (request, caller, options) => {
      questions.push({ request, caller, options })
      await sleep(
        behaviour.delayMs?.(request) ?? 0,
        undefined,
        options?.signal === undefined ? {} : { signal: options.signal },
      )
      const answer = behaviour.answer?.(request)
      if (answer instanceof Error) throw answer
      if (answer !== undefined) return answer
      const found = request.metrics.map((word) => ({ word, options: find(word, caller) }))
      const open = found.find((one) => one.options.length > 1)
      if (open !== undefined) return { choice: choiceOf(open.word, open.options) }
      const chosen = found.flatMap((one) => one.options)
      return tableOf(chosen, request, options, behaviour.notices ?? [])
    },
    values: async ({ like }) =>
      (behaviour.values ?? []).filter((value) => like === undefined || String(value).includes(like)),
  }
}

function summaryOf({ name, groups: _g, rows: _r, value: _v, ...said }: MemoryMetric): MetricSummary {
  return {
    name,
    type: 'simple',
    label: null,
    description: null,
    synonyms: [],
    scope: null,
    status: 'draft',
    checks: 'none',
    dimensions: ['metric_time'],
    ...said,
  }
}

function descriptionOf(metric: MemoryMetric): MetricDescription {
  const { name, type, label, description, synonyms, scope, status } = summaryOf(metric)
  const table = { kind: 'table' as const, name: 'shop.orders on shop', how: '', from: [] }
  return {
    name,
    type,
    label,
    description,
    synonyms,
    scope,
    status,
    owner: null,
    successor: null,
    version: 1,
    definition_hash: 'd'.repeat(64),
    filter: null,
    freshness_ms: null,
    lineage: { kind: 'metric', name, how: name, from: [{ kind: 'measure', name, how: 'sum(amount)', from: [table] }] },
  }
}

function choiceOf(asked: string, options: readonly MemoryMetric[]) {
  return {
    asked,
    options: options.map((option) => {
      const { name: metric, description, scope, status } = summaryOf(option)
      return { metric, description, scope, status, value: option.value ?? null }
    }),
    difference: 'They differ.',
  }
}

function tableOf(
  metrics: readonly MemoryMetric[],
  { metrics: names, by = [], where, totals }: NumbersRequest,
  { fit, maxRows = 1000 }: AskOptions = {},
  notices: readonly string[],
): NumbersTable {
  const columns = [
    ...by.map((name) => ({ name, kind: 'dimension' as const, type: 'text' as const })),
    ...metrics.map(({ name }) => ({ name, kind: 'metric' as const, type: 'number' as const })),
  ]
  const all = by.length === 0 ? [metrics.map(({ value = null }) => value)] : (metrics[0]?.rows ?? [])
  const read = all.slice(0, maxRows)
  const rows = read.slice(0, fit?.({ columns, rows: read }) ?? read.length)
  const truncated = rows.length < all.length
  return {
    columns,
    rows,
    truncated,
    total_rows: all.length,
    ...(totals === true ? { totals: metrics.map(({ value = null }) => value) } : {}),
    notices: truncated ? [...notices, `The first ${String(rows.length)} of ${String(all.length)} rows.`] : [...notices],
    receipt: {
      version: 1,
      question: {
        metrics: [...names],
        by: [...by],
        ...(where === undefined ? {} : { where }),
        order: [],
        distinct: true,
        extent: false,
      },
      metrics: metrics.map(({ name, scope = null }) => ({
        name,
        version: 1,
        definition_hash: 'd'.repeat(64),
        status: 'draft',
        scope,
      })),
      connection: 'shop',
      dialect: 'postgres',
      sql_hash: 's'.repeat(64),
      policy_hash: 'unrestricted',
      time_zone: 'UTC',
      watermark: '00000003-0000001B-1',
      as_of: '2026-11-20T10:00:00.000Z',
      checks: 'none',
      rows: all.length,
      given: rows.length,
      digest: 'r'.repeat(32),
      signature: 'x'.repeat(43),
    },
  }
}
