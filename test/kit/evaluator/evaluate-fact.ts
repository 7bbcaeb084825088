import { aggregate } from './aggregate.ts'
import type { Context } from './context.ts'
import { dimensionValue, entityValue, evaluateExpression, rowsOf } from './find-row.ts'
import { groupBy, placedRows } from './placed-rows.ts'
import type { Group } from './placed-rows.ts'
import { evaluateConversion } from './evaluate-conversion.ts'
import { evaluateCumulative } from './evaluate-cumulative.ts'
import type { Fact } from './formula.ts'
import { columnValue } from './holds.ts'
import type { Placed } from './holds.ts'
import { modelOf } from './reachable.ts'
import { Refused } from './refused.ts'
import { showEveryPeriod } from './show-every-period.ts'
import { timeColumnsOf, timeGrainOf } from './context.ts'
import { compareGrains } from './moment.ts'
import type { StandardGrain } from '../../../src/semantic/condition/tree.ts'
import { compareValues, keyOf } from './value.ts'
import type { Row, Value } from './value.ts'

export function evaluateFact(context: Context, fact: Fact): readonly Group[] {
  checkShape(context, fact)
  const groups = groupsOf(context, fact)
  return fact.everyPeriod ? showEveryPeriod(context, fact, groups) : groups
}

function groupsOf(context: Context, fact: Fact): readonly Group[] {
  if (fact.cumulative !== undefined) return evaluateCumulative(context, fact, fact.cumulative)
  if (fact.conversion !== undefined) return evaluateConversion(context, fact, fact.conversion)
  const measure = modelOf(context.world.layer, fact.model).measures[fact.measure]
  if (measure === undefined) throw new Error(`no measure ${fact.measure}`)
  const placed = atLastOrFirst(context, fact, placedRows(context, fact))
  return groupBy(context, fact, placed).map(({ columns, placed: rows }) => ({
    columns,
    value: aggregate(
      fact.measure,
      measure,
      rows.map(({ row }) => row),
    ),
  }))
}

function checkShape(context: Context, fact: Fact): void {
  const columns = timeColumnsOf(context, fact)
  const { cumulative, shifts } = fact
  const hasWindow = cumulative !== undefined && (cumulative.window ?? cumulative.to_date) !== undefined
  if ((shifts.length > 0 || hasWindow) && columns.length === 0) throw new Refused('needs_time', 'metric_time')
  const isByPart = columns.some(({ cut }) => cut?.kind === 'part')
  if (isByPart && (cumulative !== undefined || shifts.some(({ kind }) => kind === 'to'))) {
    throw new Refused('unsupported', 'a part of a date')
  }
  const measure = modelOf(context.world.layer, fact.model).measures[fact.measure]
  if (cumulative !== undefined && measure?.over_time !== undefined) {
    throw new Refused('non_additive', 'a balance, added up over time')
  }
  const grain = timeGrainOf(context.world, fact)
  if (shifts.some((shift) => shift.kind === 'by' && isTooFine(shift.unit, grain))) {
    throw new Refused('unsupported', `a ${grain} moved by less`)
  }
}

const isTooFine = (unit: StandardGrain, grain: StandardGrain): boolean =>
  compareGrains(unit, grain) < 0 || (grain === 'week' && unit !== 'week')

/** Of each asked-for period and each entity, the rows of the first or the last moment. */
function atLastOrFirst(context: Context, fact: Fact, placed: readonly Placed[]): readonly Placed[] {
  const { world } = context
  const overTime = modelOf(world.layer, fact.model).measures[fact.measure]?.over_time
  if (overTime === undefined) return placed
  const moments = placed.flatMap((one) => {
    const moment = dimensionValue(world, fact.model, overTime.dimension, one.row)
    if (moment === null) return []
    const columns = timeColumnsOf(context, fact).map((column) => columnValue(context, column, fact, one))
    const entities = overTime.per.map((entity) => perValue(context, fact, entity, one.row))
    return [{ one, moment, key: keyOf([...columns, ...entities]) }]
  })
  const sign = overTime.choose === 'max' ? -1 : 1
  return moments
    .filter(({ moment, key }) =>
      moments.every((other) => other.key !== key || sign * compareValues(moment, other.moment) <= 0),
    )
    .map(({ one }) => one)
}

function perValue({ world }: Context, fact: Fact, entity: string, row: Row): Value {
  const { entities, primary } = modelOf(world.layer, fact.model)
  if (entities[entity] !== undefined) return entityValue(world, fact.model, entity, row)
  // What each row is by itself, though no column says so: every row differs.
  if (primary === entity) return rowsOf(world, fact.model).indexOf(row)
  return evaluateExpression(entity, row)
}
