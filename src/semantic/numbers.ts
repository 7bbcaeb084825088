import type { CheckOutcome } from '../../schemas/numbers.ts'
import type { Caller } from '../core/caller.ts'
import { AquiferError } from '../core/errors.ts'
import { hint } from '../core/nearest.ts'
import type { Explanation, MetricDetails, Numbers, SavedQuestion } from '../core/numbers.ts'
import { ask } from './ask/ask.ts'
import { compileFor } from './ask/compile-for.ts'
import { accessFor, visibleMetrics, type NumbersContext } from './ask/context.ts'
import { explainSteps } from './ask/explain-steps.ts'
import { listDimensions } from './ask/list-dimensions.ts'
import { valuesOf } from './ask/values.ts'
import { worst } from './ask/notices.ts'
import { understand } from './ask/understand.ts'
import { verify } from './ask/verify.ts'
import { guardsOf } from './checks/guards-of.ts'
import { toldOutcomes } from './checks/told-outcomes.ts'
import { describeMetric } from './describe-metric.ts'
import { tellingFor } from './telling-for.ts'

export type NumbersMethods = Omit<Numbers, typeof Symbol.asyncDispose>

/** The doors' way to the metrics of a layer. */
export function createNumbers(context: NumbersContext): NumbersMethods {
  return {
    list: async (caller) => {
      const outcomes = await context.outcomes(visibleMetrics(context, caller))
      const access = accessFor(context, caller)
      return visibleMetrics(context, caller).flatMap((name) => {
        const metric = context.layer.metrics[name]
        if (metric === undefined) return []
        const { type, label = null, description = null, synonyms, scope = null, status } = metric
        const guards = guardsOf(context.layer, [name])
        const isGuard = (outcome: CheckOutcome): boolean =>
          guards.some((guard) => guard.metric === outcome.metric && guard.name === outcome.name)
        const checks = worst(outcomes.filter(isGuard))
        const dimensions = listDimensions(context, [name], access).map((dimension) => dimension.name)
        return [{ name, type, label, description, synonyms, scope, status, checks, dimensions }]
      })
    },
    savedQuestions: (caller) => Promise.resolve(savedQuestions(context, caller)),
    describe: (name, caller) => describe(context, name, caller),
    ask: (request, caller, options) => ask(context, request, caller, options),
    explain: async (request, caller) => {
      if (!caller.admin)
        throw new AquiferError('METRIC_SQL_HIDDEN', 'The statement of a metric is shown to administrators only.')
      const understood = understand(context.layer, request, visibleMetrics(context, caller))
      if ('options' in understood) {
        const names = understood.options.join(', ')
        throw new AquiferError('METRIC_QUESTION_INVALID', `${understood.word} could be ${names}; name one.`)
      }
      const access = accessFor(context, caller)
      const { layer } = context
      const { question } = understood
      const compiled = await compileFor(context, question, access)
      if ('refusal' in compiled) return compiled
      const { statement, connection = null, tables, models, timeZone } = compiled
      const { dialect } = await context.engine(connection ?? '')
      const steps = explainSteps({ layer, question, access, timeZone })
      return { ...statement, dialect, connection, tables, models, steps } satisfies Explanation
    },
    values: (request, caller, options) => valuesOf(context, request, caller, options),
    check: async (names = Object.keys(context.layer.metrics), { signal } = {}) => {
      const known = Object.keys(context.layer.metrics)
      const unknown = names.find((name) => !known.includes(name))
      if (unknown !== undefined) {
        throw new AquiferError('METRIC_UNKNOWN', `There is no metric ${unknown}${hint(unknown, known)}`)
      }
      return context.check(names, signal)
    },
    verify: (receipt, caller, options) => verify(context, receipt, caller, options),
  }
}

function savedQuestions(context: NumbersContext, caller: Caller): readonly SavedQuestion[] {
  const visible = visibleMetrics(context, caller)
  return Object.entries(context.layer.queries).flatMap(([name, { metrics, by, every, label, description }]) =>
    // Without metrics it lists what is in models that have policies of their own.
    (metrics.length > 0 || caller.admin) && metrics.every((metric) => visible.includes(metric))
      ? [{ name, description: description ?? label ?? null, metrics, by, kept: every !== undefined }]
      : [],
  )
}

async function describe(context: NumbersContext, name: string, caller: Caller): Promise<MetricDetails> {
  const visible = visibleMetrics(context, caller)
  const access = accessFor(context, caller)
  const telling = caller.admin ? undefined : tellingFor(context.layer, access)
  const metric = visible.includes(name) ? describeMetric(context.layer, name, telling) : undefined
  if (metric === undefined) throw new AquiferError('METRIC_UNKNOWN', `There is no metric ${name}${hint(name, visible)}`)
  const successor = metric.successor !== null && visible.includes(metric.successor) ? metric.successor : null
  return {
    metric: { ...metric, successor },
    dimensions: listDimensions(context, [name], access),
    checks: toldOutcomes(context.layer, await context.outcomes([name]), { caller, access }),
  }
}
