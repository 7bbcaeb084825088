import type { Metric, MetricLayer } from '../../../schemas/metrics.ts'
import { hint } from '../../core/nearest.ts'
import type { Fault } from '../find-faults.ts'
import { columnNames } from './column-checks.ts'
import { freshnessName, holderOf, modelsOf, targetsOf, timesOf, type DeclaredCheck } from './guards-of.ts'

/** Checks that could never be run: they speak of what is not there. The layer has no other faults. */
export function findCheckFaults(layer: MetricLayer): readonly Fault[] {
  return Object.entries(layer.metrics).flatMap(([name, metric]) => [
    ...promised(layer, name, metric),
    ...Object.entries(metric.checks).flatMap(([check, declared]) =>
      faultsOf(layer, name, declared).map(({ path, message }): Fault => ({
        path: ['metrics', name, 'checks', check, ...path],
        message,
      })),
    ),
  ])
}

function promised(layer: MetricLayer, name: string, { freshness, checks }: Metric): readonly Fault[] {
  if (freshness === undefined) return []
  if (timesOf(layer, name).length === 0) {
    return [{ path: ['metrics', name, 'freshness'], message: 'its models name no `time` that could be fresh' }]
  }
  const taken = checks[freshnessName]
  if (taken === undefined || taken.type === 'freshness') return []
  const message = 'is the name of the check that `freshness` of this metric makes; choose another'
  return [{ path: ['metrics', name, 'checks', freshnessName], message }]
}

function faultsOf(layer: MetricLayer, metric: string, check: DeclaredCheck): readonly Fault[] {
  const models = modelsOf(layer, metric)
  switch (check.type) {
    case 'not_null':
    case 'unique':
      return unknownColumn(layer, models, check.column)
    case 'accepted_values': {
      const odd = check.values.findIndex((value) => typeof value === 'object' && value !== null)
      const values = odd === -1 ? [] : [{ path: ['values', odd], message: 'is no text, number or boolean' }]
      return [...unknownColumn(layer, models, check.column), ...values]
    }
    case 'relationship':
      return faultsOfEntity(layer, models, check.entity)
    case 'row_count':
      return faultsOfBand(check)
    case 'freshness':
      return timesOf(layer, metric).length > 0
        ? []
        : [{ path: [], message: 'its models name no `time` that could be fresh' }]
    case 'reconcile': {
      const others = Object.keys(layer.metrics).filter((name) => name !== metric)
      if (others.includes(check.with)) return []
      const message =
        check.with === metric
          ? 'a metric always agrees with itself'
          : `there is no metric ${check.with}${hint(check.with, others)}`
      return [{ path: ['with'], message }]
    }
    case 'sql':
    default:
      return []
  }
}

function unknownColumn(layer: MetricLayer, models: readonly string[], column: string): readonly Fault[] {
  if (holderOf(layer, models, column) !== undefined) return []
  const names = models.flatMap((model) => columnNames(layer, model))
  const message = `${models.join(', ')} has no entity, dimension or measure ${column}${hint(column, names)}`
  return [{ path: ['column'], message }]
}

function faultsOfEntity(layer: MetricLayer, models: readonly string[], entity: string): readonly Fault[] {
  const entities = models.flatMap((model) => Object.keys(layer.models[model]?.entities ?? {}))
  if (!entities.includes(entity)) {
    return [{ path: ['entity'], message: `${models.join(', ')} has no entity ${entity}${hint(entity, entities)}` }]
  }
  if (targetsOf(layer, models, entity).length > 0) return []
  return [{ path: ['entity'], message: `no model of the same connection holds what ${entity} points to` }]
}

function faultsOfBand({ min, max }: Extract<DeclaredCheck, { type: 'row_count' }>): readonly Fault[] {
  if (min === undefined && max === undefined) return [{ path: [], message: 'needs `min` or `max`' }]
  return (min ?? 0) > (max ?? Infinity) ? [{ path: ['min'], message: 'is more than `max`' }] : []
}
