import type { MeasureInput, Metric } from '../../../schemas/metrics.ts'
import { grains } from '../../../src/semantic/condition/tree.ts'
import { aggregate } from './aggregate.ts'
import { timeColumnsOf } from './context.ts'
import type { Context } from './context.ts'
import { groupBy, placesOf, timeOf } from './placed-rows.ts'
import type { Group } from './placed-rows.ts'
import { areEqual, dimensionValue, entityValue, rowsOf } from './find-row.ts'
import { placeOf, readConditions, readWindow } from './formula.ts'
import type { Condition, Fact } from './formula.ts'
import { columnValue, holds, subjectsOf } from './holds.ts'
import type { Placed } from './holds.ts'
import { addUnits } from './moment.ts'
import { modelOf } from './reachable.ts'
import { Refused } from './refused.ts'
import { compareForOrder } from './value.ts'
import type { Row, Value } from './value.ts'

type Conversion = Extract<Metric, { type: 'conversion' }>

/** The rows that follow, at the columns of the rows that they go to. */
export function evaluateConversion(context: Context, fact: Fact, metric: Conversion): readonly Group[] {
  const { world } = context
  const then = measureOf(metric.conversion)
  const place = placeOf(world.layer, then.name)
  const measure = modelOf(world.layer, place.model).measures[then.name]
  if (measure === undefined) throw new Error(`no measure ${then.name}`)
  if (measure.over_time !== undefined) throw new Refused('non_additive', 'a balance that follows')
  const follower: Fact = { ...fact, ...place, measure: then.name, conversion: undefined }
  const own = { ...context, scopes: [place], columns: [] }
  const conditions = readConditions(then.filter, 'measure', 0, undefined)
  // Who it was that began is found first, at whatever time; then comes what is said of the time that is shown.
  const late = fact.conditions.filter((condition) => isLate(context, condition, fact))
  const early = fact.conditions.filter((condition) => !late.includes(condition))
  const begun = rowsOf(world, fact.model)
    .map((row): Placed => ({ row, ms: timeOf(context, fact, row) }))
    .filter((placed) => early.every((condition) => holds(context, condition, fact, placed)))
  const shown: Fact = { ...fact, conditions: late, conversion: undefined }
  const converted = rowsOf(world, place.model)
    .map((row): Placed => ({ row, ms: timeOf(own, follower, row) }))
    .filter((placed) => conditions.every((condition) => holds(own, condition, follower, placed)))
    .flatMap((conversion) =>
      latestBefore(context, fact, metric, begun, conversion, place.model).flatMap((begin) =>
        placesOf(context, shown, begin, fact.shifts.length).map((placed) => ({ ...placed, conversion })),
      ),
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

/** Of the time that is shown: about that and the rows at once, nothing says which base rows count. */
function isLate(context: Context, condition: Condition, fact: Fact): boolean {
  const { time, other } = subjectsOf(context, condition, fact)
  if (!time || condition.of === 'measure') return false
  if (other) throw new Refused('unsupported', 'time mixed with something else')
  return true
}

function measureOf(input: MeasureInput): { readonly name: string; readonly filter: string | undefined } {
  return typeof input === 'string' ? { name: input, filter: undefined } : { name: input.name, filter: input.filter }
}

/** The one row before that a conversion goes to. */
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
  const columns = context.columns.filter((column) => !timeColumnsOf(context, fact).includes(column))
  const valuesOf = (base: Placed): readonly Value[] => columns.map((column) => columnValue(context, column, fact, base))
  const [found] = candidates
    .filter((base) => timeOf(context, fact, base.row) === latest)
    .toSorted((one, other) => compareLines(valuesOf(one), valuesOf(other)))
  return found === undefined ? [] : [found]
}

/** Of rows at the same time, the one whose columns come first: then it is the same one for everybody. */
function compareLines(one: readonly Value[], other: readonly Value[]): number {
  const differences = one.map((value, index) => compareForOrder(value, other[index] ?? null, false))
  return differences.find((difference) => difference !== 0) ?? 0
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
