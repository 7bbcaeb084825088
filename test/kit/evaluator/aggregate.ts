import type { Model } from '../../../schemas/metrics.ts'
import { evaluateExpression } from './find-row.ts'
import { compareValues, keyOf } from './value.ts'
import type { Row, Value } from './value.ts'

type Measure = Model['measures'][string]

/** A measure's value over rows. */
export function aggregate(name: string, { agg, expr, percentile: asked }: Measure, rows: readonly Row[]): Value {
  const values = rows.map((row) => evaluateExpression(expr ?? name, row)).filter((value) => value !== null)
  const { at = 0.5, discrete = false } = asked ?? {}
  return agg === 'percentile' ? percentile(values, at, discrete) : aggregations[agg](values)
}

type Given = readonly Exclude<Value, null>[]

const sum = (values: Given): number => values.map(Number).reduce((total, one) => total + one, 0)

const aggregations: Readonly<Record<Exclude<Measure['agg'], 'percentile'>, (values: Given) => Value>> = {
  count: (values) => values.length,
  count_distinct: (values) => new Set(values.map((value) => keyOf([value]))).size,
  sum_boolean: (values) => values.filter((value) => value === true || value === 1).length,
  sum: (values) => (values.length === 0 ? null : sum(values)),
  avg: (values) => (values.length === 0 ? null : sum(values) / values.length),
  min: (values) => values.toSorted(compareValues).at(0) ?? null,
  max: (values) => values.toSorted(compareValues).at(-1) ?? null,
  median: (values) => percentile(values, 0.5, false),
}

function percentile(values: Given, at: number, isDiscrete: boolean): number | null {
  const sorted = values.map(Number).toSorted((one, other) => one - other)
  if (isDiscrete) return sorted.find((_, index) => (index + 1) / sorted.length >= at) ?? null
  const place = (sorted.length - 1) * at
  const low = sorted[Math.floor(place)]
  const high = sorted[Math.ceil(place)]
  return low === undefined || high === undefined ? null : low + (high - low) * (place - Math.floor(place))
}
