import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { CheckOutcome } from '../../../schemas/numbers.ts'
import type { Caller } from '../../core/caller.ts'
import type { Access } from '../plan/access.ts'
import { isVisible } from '../plan/is-visible.ts'
import { policyHash } from '../trust/policy-hash.ts'
import { guardsOf, modelsOf, type Guard } from './guards-of.ts'

/**
 * Outcomes as a caller may know them. What they say counts every row, whoever may see them; why a check could not be run, and
 * what an author's own statement finds, is for administrators.
 */
export function toldOutcomes(
  layer: MetricLayer,
  outcomes: readonly CheckOutcome[],
  { caller, access }: { readonly caller: Caller; readonly access: Access },
): readonly CheckOutcome[] {
  if (caller.admin) return outcomes
  const guards = guardsOf(layer, Object.keys(layer.metrics))
  return outcomes.flatMap((outcome) => {
    const guard = guards.find(({ metric, name }) => metric === outcome.metric && name === outcome.name)
    if (guard === undefined || !isKnown(layer, guard, access)) return []
    const told = outcome.status !== 'error' && guard.check.type !== 'sql' && seesAll(layer, guard, access)
    return [told ? outcome : { ...outcome, message: null }]
  })
}

/** A metric or a model that the caller may not see is not named either. */
function isKnown(layer: MetricLayer, { metric, check }: Guard, access: Access): boolean {
  return isVisible(layer, metric, access) && (check.type !== 'key' || access.model(check.model))
}

function seesAll(layer: MetricLayer, { metric, check }: Guard, access: Access): boolean {
  const models = [
    ...modelsOf(layer, metric),
    ...(check.type === 'key' ? [check.model] : []),
    ...(check.type === 'reconcile' ? modelsOf(layer, check.with) : []),
  ]
  return policyHash(layer, access, models) === 'unrestricted'
}
