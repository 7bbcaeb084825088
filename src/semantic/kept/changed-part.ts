import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { KeptState } from '../../core/ledger-numbers.ts'
import { compileQuestion, type Compiled } from '../compile.ts'
import { namesIn, nodesIn } from '../condition/visit-tree.ts'
import type { DialectName } from '../engine.ts'
import { resolveName } from '../names/resolve-name.ts'
import { parseGroupBy } from '../condition/parse-group-by.ts'
import { conditionOf } from '../plan/expand-metric.ts'
import { readWindow } from '../plan/read-window.ts'
import { everything, type KeptQuery } from './kept-queries.ts'
import { earlier, startOf } from './periods.ts'

/** The periods that rows may have come to since. */
export interface ChangedPart {
  readonly compiled: Compiled
  readonly since: { readonly period: string; readonly base: string }
}

/** Clocks go differently, and a time without a zone may be a day behind. */
const marginMs = 86_400_000

/**
 * What of a kept answer has to be computed again; undefined where that is everything. Only what is read from models that
 * rows are but added to, each row counting for its own period alone: a row of a joined model could change any.
 */
export function changedPart(
  layer: MetricLayer,
  kept: KeptQuery,
  { state, dialect }: { readonly state: KeptState; readonly dialect: DialectName },
): ChangedPart | undefined {
  const { period: grain, question, compiled, facts } = kept
  const column = compiled.columns[0]?.name
  if (grain === undefined || column === undefined || state.asOf === undefined || state.lastPeriod === undefined) {
    return undefined
  }
  if (!facts.plain || !readsOwnRows(layer, kept)) return undefined
  const models = compiled.models.map((name) => layer.models[name])
  if (models.some((model) => model?.append_only !== true)) return undefined
  // Others are calendars.
  if (compiled.tables.some((table) => !models.some((model) => model?.table === table))) return undefined
  // Rows may have come to every period that was not over, or just over, when it was computed.
  const asOf = new Date(Date.parse(state.asOf) - marginMs).toISOString().slice(0, 19)
  const last = state.lastPeriod < asOf ? state.lastPeriod : asOf
  const begins = models.map((model) => {
    const back = model?.look_back
    return back === undefined ? last : earlier(last, readWindow(back))
  })
  if (begins.includes(undefined)) return undefined
  const period = startOf(begins.filter((one) => one !== undefined).toSorted()[0] ?? last, grain)
  // A row without a time is found by no bounds.
  const late = `(${column} >= '${period}' or ${column} is null)`
  const where = question.where === undefined ? late : `(${question.where}) and ${late}`
  const part = compileQuestion(layer, { ...question, where }, { dialect, access: everything(layer) })
  return 'refusal' in part ? undefined : { compiled: part, since: { period, base: state.asOf } }
}

/** Whether no row of another model has a say in a number or its groups. */
function readsOwnRows(layer: MetricLayer, { question, facts }: KeptQuery): boolean {
  const bases = [...new Set(facts.leaves.map(({ model }) => model))]
  const isOwn = (name: Parameters<typeof resolveName>[0], models: readonly string[]): boolean => {
    const { columns } = resolveName(name, { layer, bases: models, sees: () => true })
    return columns === undefined || [...columns.values()].every(({ reach }) => reach.hops.length === 0)
  }
  const asked = question.where === undefined ? undefined : conditionOf(question.where)
  const names = [...question.by.map(parseGroupBy), ...(asked === undefined ? [] : namesIn(asked))]
  if (asked !== undefined && nodesIn(asked).some(({ kind }) => kind === 'metric')) return false
  return (
    names.every((name) => isOwn(name, bases)) &&
    facts.leaves.every(({ model, filters }) =>
      filters.every(({ tree }) => namesIn(tree).every((name) => isOwn(name, [model]))),
    )
  )
}
