import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Context } from '../build/context.ts'
import type { DialectName } from '../engine.ts'
import { openCheck } from './check-context.ts'
import { checkAccepted, checkNotNull, checkRelationship, checkUnique } from './column-checks.ts'
import type { CompiledCheck } from './compiled-check.ts'
import { checkFreshness } from './freshness-check.ts'
import { holderOf, modelsOf, targetsOf, timesOf, type Guard } from './guards-of.ts'
import { checkKey } from './key-check.ts'
import { checkReconciled, checkRowCount, checkSql } from './total-checks.ts'

export interface CompileCheckOptions {
  /** Of a connection; every model has one. */
  readonly dialectOf: (connection: string | undefined) => DialectName
}

/** The statements of a check, and how their results are judged. The layer has no faults. */
export function compileCheck(layer: MetricLayer, guard: Guard, { dialectOf }: CompileCheckOptions): CompiledCheck {
  const { metric, check } = guard
  const models = modelsOf(layer, metric)
  const contextOf = (model: string): Context => {
    const connection = layer.models[model]?.connection
    return openCheck(layer, connection, dialectOf(connection))
  }
  const placeOf = (name: string) => {
    const model = holderOf(layer, models, name)
    if (model === undefined) throw new Error(`No model of ${metric} has ${name}`)
    return { context: contextOf(model), model, name }
  }
  switch (check.type) {
    case 'not_null':
      return checkNotNull(placeOf(check.column))
    case 'unique':
      return checkUnique(placeOf(check.column))
    case 'accepted_values':
      return checkAccepted(placeOf(check.column), check.values)
    case 'relationship':
      return checkRelationship(placeOf(check.entity), targetsOf(layer, models, check.entity))
    case 'row_count':
      return checkRowCount(
        models.map((model) => ({ context: contextOf(model), model })),
        check,
      )
    case 'freshness':
      return checkFreshness(
        timesOf(layer, metric).map(({ model, time }) => ({ context: contextOf(model), model, time })),
        check.within,
      )
    case 'reconcile':
      return checkReconciled(layer, [metric, check.with], { tolerance: check.tolerance, dialectOf })
    case 'sql':
      return checkSql(check.query, layer.models[models[0] ?? '']?.connection)
    case 'key':
    default:
      return checkKey({ context: contextOf(check.model), model: check.model, entity: check.entity })
  }
}
