import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Clock } from '../../core/clock.ts'
import type { LedgerNumbers } from '../../core/ledger-numbers.ts'
import type { Compiled } from '../compile.ts'
import type { ColumnType, DialectName, EngineResult } from '../engine.ts'
import type { Access } from '../plan/access.ts'
import type { Question } from '../question.ts'
import { RefusalSignal } from '../refuse.ts'
import { policyHash } from '../trust/policy-hash.ts'
import { applyPlan, type KeptTable } from './apply-plan.ts'
import { canonicalConditions } from './canonical-conditions.ts'
import { factsOf } from './facts-of.ts'
import { compileKept, keptNames, keptPolicy } from './kept-queries.ts'
import { NotProvenSignal } from './not-proven.ts'
import { planKept, type AskedQuestion, type KeptPlan } from './plan-kept.ts'

export interface KeptContext {
  readonly layer: MetricLayer
  readonly ledger: Pick<LedgerNumbers, 'keptAnswer'>
  /** Changes when the connection leads to another database. */
  readonly origin: (connection: string | undefined) => string
  readonly clock: Clock
}

/** A question that the database could answer, as it was compiled for its asker. */
export interface KeptRequest {
  readonly question: Question
  readonly compiled: Compiled
  readonly access: Access
  readonly dialect: DialectName
}

export interface Kept {
  /** As the engine would have given it. */
  readonly result: EngineResult
  readonly asOf: string
  /** The saved query that it comes from. */
  readonly query: string
}

/** An answer is given for so many of its intervals: whoever should have computed it again is not there any more. */
const mostIntervals = 2

/**
 * The answer as it was kept, where it provably is the one that the database gave then; undefined: ask the database. Reads
 * nothing unless some saved query holds it by its definition.
 */
export async function keptAnswer(context: KeptContext, request: KeptRequest): Promise<Kept | undefined> {
  const { layer, ledger, clock } = context
  const plans = plansFor(context, request)
  if (plans.length === 0 || policyHash(layer, request.access, request.compiled.models) !== keptPolicy) return undefined
  for (const { plan, facts } of plans) {
    const { name, definition, period, everyMs, compiled } = plan.kept
    const byPeriod = period !== undefined && plan.within?.column === compiled.columns[0]?.name
    const found = await ledger.keptAnswer({
      name,
      policy: keptPolicy,
      definition,
      from: byPeriod ? plan.within?.from : undefined,
      until: byPeriod ? plan.within?.until : undefined,
    })
    if (found === undefined || clock.now() - Date.parse(found.asOf) > mostIntervals * everyMs) continue
    // The columns are what an engine gave.
    const columns = found.columns as KeptTable['columns'] & readonly { readonly type: ColumnType }[]
    const table = apply(plan, { columns, rows: found.rows }, { layer, facts, dialect: request.dialect })
    if (table === undefined) continue
    const result = { ...table, truncated: false, watermark: found.watermark }
    return { result, asOf: found.asOf, query: name }
  }
  return undefined
}

interface Planned {
  readonly plan: KeptPlan
  readonly facts: AskedQuestion['facts']
}

/** Those that have least to do with the rows first. */
function plansFor({ layer, origin }: KeptContext, request: KeptRequest): readonly Planned[] {
  const { question, compiled, access, dialect } = request
  const names = keptNames(layer).filter((name) => isNear(layer, name, question))
  if (names.length === 0) return []
  const facts = factsOf(layer, question.metrics)
  const conditions = proven(() => canonicalConditions(layer, question, { facts, access }))
  if (conditions === undefined) return []
  const asked: AskedQuestion = { question, compiled, facts, conditions }
  const plans = names.flatMap((name) => {
    const kept = compileKept(layer, name, { dialect, origin: origin(compiled.connection) })
    const plan = 'refusal' in kept ? undefined : planKept(layer, kept, asked)
    return plan === undefined ? [] : [plan]
  })
  return plans.toSorted((a, b) => workOf(a) - workOf(b)).map((plan) => ({ plan, facts }))
}

/** Cheap to tell; most saved queries have nothing to do with a question. */
function isNear(layer: MetricLayer, name: string, { metrics }: Question): boolean {
  const kept = layer.queries[name]?.metrics ?? []
  return metrics.length === 0 ? kept.length === 0 : metrics.every((metric) => kept.includes(metric))
}

const workOf = ({ addUp, conditions, within, kept, columns }: KeptPlan): number =>
  (addUp === undefined ? 0 : 4) +
  (conditions.length > 0 ? 2 : 0) +
  (within === undefined ? 0 : 1) +
  (kept.compiled.columns.length - columns.length) / 1000

const apply = (...args: Parameters<typeof applyPlan>): KeptTable | undefined => proven(() => applyPlan(...args))

function proven<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof NotProvenSignal || error instanceof RefusalSignal) return undefined
    throw error
  }
}
