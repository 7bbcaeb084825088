import type { MeasureInput, Metric } from '../../../schemas/metrics.ts'
import { grains } from '../../../src/semantic/condition/tree.ts'
import { aggregate } from './aggregate.ts'
import type { Context } from './context.ts'
import { groupBy, placedRows, timeOf } from './placed-rows.ts'
import type { Group } from './placed-rows.ts'
import { areEqual, dimensionValue, entityValue, rowsOf } from './find-row.ts'
import { placeOf, readConditions, readWindow } from './formula.ts'
import type { Fact } from './formula.ts'
import { holds } from './holds.ts'
import type { Placed } from './holds.ts'
import { addUnits } from './moment.ts'
import { modelOf } from './reachable.ts'
import { Refused } from './refused.ts'
import type { Row, Value } from './value.ts'

type Conversion = Extract<Metric, { type: 'conversion' }>

/** The rows that follow, at the columns of the rows that they go to. */
export function evaluateConversion(context: Context, fact: Fact, metric: Conversion): readonly Group[] {
  const { world } = context
  const then = measureOf(metric.conversion)
  const place = placeOf(world.layer, then.name)
  const measure = modelOf(world.layer, place.model).measures[then.name]
  if (measure === undefined) throw new Error(`no measure ${then.name}`)
  const follower: Fact = { ...fact, ...place, measure: then.name, conversion: undefined }
  const own = { ...context, scopes: [place], columns: [] }
  const conditions = readConditions(then.filter, 'measure', 0, undefined)
  const begun = placedRows(context, { ...fact, conversion: undefined })
  const converted = rowsOf(world, place.model)
    .map((row): Placed => ({ row, ms: timeOf(own, follower, row) }))
    .filter((placed) => conditions.every((condition) => holds(own, condition, follower, placed)))
    .flatMap((conversion) =>
      latestBefore(context, fact, metric, begun, conversion, place.model).map((base) => ({ ...base, conversion })),
    )
  return groupBy(context, fact, converted).map(({ columns, placed }) => ({
    columns,
    value: aggregate(
      then.name,
      measure,
      placed.map(({ conversion }) => conversion.row),
    ),
  }))
}

function measureOf(input: MeasureInput): { readonly name: string; readonly filter: string | undefined } {
  return typeof input === 'string' ? { name: input, filter: undefined } : { name: input.name, filter: input.filter }
}

/** The one row before that a conversion goes to, at each time that is shown. */
function latestBefore(
  context: Context,
  fact: Fact,
  metric: Conversion,
  begun: readonly Placed[],
  { row, ms }: Placed,
  model: string,
): readonly Placed[] {
  const { world } = context
  if (ms === null) return []
  const earliest = earliestOf(metric, ms)
  const candidates = begun.filter((base) => {
    const time = timeOf(context, fact, base.row)
    if (time === null || time > ms || time <= earliest) return false
    const entity = entityValue(world, fact.model, metric.entity, base.row)
    return (
      areEqual(entity, entityValue(world, model, metric.entity, row)) &&
      metric.same.every((one) =>
        areEqual(
          elementValue(context, fact.model, one.base, base.row),
          elementValue(context, model, one.conversion, row),
        ),
      )
    )
  })
  const latest = Math.max(...candidates.map((base) => timeOf(context, fact, base.row) ?? 0))
  const found = candidates.find((base) => timeOf(context, fact, base.row) === latest)
  return candidates.filter((base) => base.row === found?.row)
}

function earliestOf({ within }: Conversion, ms: number): number {
  if (within === undefined) return Number.NEGATIVE_INFINITY
  const { count, unit } = readWindow(within)
  const grain = grains.find((one) => one === unit)
  if (grain === undefined) throw new Refused('unsupported', 'a window of a calendar')
  return addUnits(ms, -count, grain)
}

function elementValue({ world }: Context, model: string, name: string, row: Row): Value {
  return name in modelOf(world.layer, model).entities
    ? entityValue(world, model, name, row)
    : dimensionValue(world, model, name, row)
}
