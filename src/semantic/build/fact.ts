import type { StandardGrain } from '../condition/tree.ts'
import { namesIn } from '../condition/visit-tree.ts'
import { isMetricTime, timeOfLeaf, type Asked } from '../plan/asked.ts'
import type { Leaf } from '../plan/expand-metric.ts'
import { refuse } from '../refuse.ts'
import { column, fromCommon, fromQuery, isNull, not, type Named, type Query, type Source } from '../sql/sql.ts'
import { aggregate, type Aggregated, type Grouping } from './aggregate.ts'
import { grainOf, openCutter } from './calendars.ts'
import { resolveFor, splitConditions, type Asking } from './conditions.ts'
import { coarser, finer, rank, shareQuery, type Context } from './context.ts'
import { accumulate } from './cumulative.ts'
import { showPeriods } from './every-period.ts'
import { leafRows, placeTime, type LeafRows } from './leaf-rows.ts'
import { boundsOf, hasCalendar, nowhere, type Bounds } from './spine.ts'
import { moveTime } from './timeline.ts'
import { startsOnly } from './starts-only.ts'
import { withinTime } from './within-time.ts'

/** Leaves that differ in their measures only, each with the name of its column. */
export type FactLeaves = readonly { readonly leaf: Leaf; readonly name: string }[]

/** What the parts of one fact share. */
export interface Fact {
  readonly context: Context
  readonly leaf: Leaf
  readonly asked: readonly Asked[]
  /** Asked-for columns that are the leaf's metric_time, and the rest. */
  readonly times: readonly Asked[]
  readonly others: readonly Asked[]
  /** Of the leaf's time dimension. */
  readonly grain: StandardGrain
  /** How fine the time is that spines, windows and offsets work with. */
  readonly base: StandardGrain
  readonly asking: Asking
}

/** One row for each combination of the asked-for columns, with the measures aggregated. */
export function buildFact(context: Context, leaves: FactLeaves, asked: readonly Asked[], asking: Asking): Query {
  const leaf = leaves[0]?.leaf
  if (leaf === undefined) throw new Error('A fact has leaves')
  const times = asked.filter(({ resolved }) => isMetricTime(context.layer, leaf, resolved))
  const others = asked.filter((one) => !times.includes(one))
  const timeName = timeOfLeaf(context.layer, leaf)
  const dimension = context.layer.models[leaf.model]?.dimensions[timeName ?? '']
  const grain = dimension?.type === 'time' ? dimension.grain : 'day'
  const base = baseGrain(context, leaf, times, grain)
  const fact: Fact = { context, leaf, asked, times, others, grain, base, asking }
  requireTime(fact, timeName)
  refuseFinerConditions(fact)
  const measures = leaves.map((one) => one.leaf.measure)
  const rows = leafRows(context, { leaf, measures, others, timeName, asking })
  const shown = leaf.everyPeriod && times.length > 0
  const shared = needsBounds(fact) ? shareQuery(context, 'rows', rows.query) : undefined
  const source = shared === undefined ? fromQuery('r', rows.query) : fromCommon('r', shared)
  const bounds = shared === undefined ? nowhere : boundsOf(fromCommon('r', shared), 't')
  const values = leaves.map(({ leaf: one, name }) => valueOf(context, one, name))
  const grouped =
    leaf.cumulative !== undefined && times.length > 0
      ? accumulate(fact, { rows, source, bounds, values })
      : groupRows(fact, { rows, source, bounds, values })
  return shown ? showPeriods(fact, { grouped, names: values.map(({ name }) => name) }) : grouped
}

function valueOf({ layer }: Context, leaf: Leaf, name: string): Aggregated {
  const owner = Object.values(layer.models).find(({ measures }) => Object.hasOwn(measures, leaf.measure))
  const measure = owner?.measures[leaf.measure]
  if (measure === undefined) throw new Error(`There is no measure ${leaf.measure}`)
  return { name, from: `${leaf.measure} value`, measure }
}

function baseGrain(context: Context, leaf: Leaf, times: readonly Asked[], own: StandardGrain): StandardGrain {
  const window = leaf.cumulative?.window?.unit
  const units = [
    ...leaf.shifts.map((shift) => (shift.kind === 'by' ? shift.unit : shift.grain)),
    ...(window === undefined ? [] : [window]),
  ]
  const wanted = [...times.map(({ cut }) => grainOf(context, cut ?? {})), ...units.map(fineUnit)]
  return coarser(own, wanted.reduce(finer, 'day'))
}

/** Units up to hours ask for a time as fine; a calendar's own do not. */
const fineUnit = (unit: string): StandardGrain =>
  unit === 'millisecond' || unit === 'second' || unit === 'minute' || unit === 'hour' ? unit : 'day'

function requireTime({ context, leaf, times }: Fact, timeName: string | undefined): void {
  const { cumulative, shifts, measure } = leaf
  const bounded = context.from !== undefined || context.until !== undefined
  if (timeName === undefined && (times.length > 0 || bounded || shifts.length > 0 || cumulative !== undefined)) {
    refuse('needs_time', `${measure} has no time dimension: ${leaf.model} names none as its time.`)
  }
  if (times.length === 0) {
    const windowed = cumulative?.window !== undefined || cumulative?.toDate !== undefined
    if (windowed || shifts.length > 0) {
      refuse('needs_time', `A number over a window or as it was earlier needs a time: ask for it by metric_time.`, [
        'metric_time',
      ])
    }
  }
  const parts = times.some(({ cut }) => cut?.part !== undefined)
  if (parts && (cumulative !== undefined || shifts.some(({ kind }) => kind === 'start'))) {
    refuse('unsupported', 'A running number by a part of the date would add up days of several years.', [
      'metric_time__month',
    ])
  }
  const declared = context.layer.models[leaf.model]?.measures[leaf.conversion?.base ?? measure]
  const converted = Object.values(context.layer.models).find(({ measures }) => Object.hasOwn(measures, measure))
    ?.measures[measure]
  if (leaf.conversion !== undefined && (declared?.over_time ?? converted?.over_time) !== undefined) {
    refuse('non_additive', `${measure} is chosen over time, which conversions cannot be.`)
  }
  if (cumulative !== undefined && declared?.over_time !== undefined) {
    refuse('non_additive', `${measure} cannot be added up over time.`)
  }
}

/** Only the first day of a longer period is looked at, of which a condition on days says something else than of the period. */
function refuseFinerConditions({ context, leaf, times, asking }: Fact): void {
  if (!leaf.everyPeriod || times.length === 0 || !leaf.shifts.some(({ kind }) => kind === 'start')) return
  const shown = times.map(({ cut }) => grainOf(context, cut ?? {})).reduce(finer)
  for (const { tree, filter } of splitConditions(context, leaf, leaf.filters, asking)) {
    for (const name of namesIn(tree)) {
      const resolved = resolveFor(name, filter, leaf, asking)
      if (!isMetricTime(context.layer, leaf, resolved)) continue
      const of = grainOf(context, resolved.cut ?? context.defaultCut)
      if (rank(of) < rank(shown)) {
        refuse('unsupported', `How it was when a ${shown} began cannot be limited to some of its ${of}s.`, [
          'metric_time__day',
        ])
      }
    }
  }
}

/** Whether a spine without a calendar has to know from when to when there are rows. */
function needsBounds({ context, leaf, times, base }: Fact): boolean {
  if (leaf.cumulative === undefined) return leaf.shifts.some((shift) => movesMonths(shift))
  return times.length > 0 && !hasCalendar(context, base)
}

function movesMonths(shift: Leaf['shifts'][number]): boolean {
  return shift.kind === 'start' || shift.unit === 'month' || shift.unit === 'quarter' || shift.unit === 'year'
}

export interface FactRows {
  readonly rows: LeafRows
  readonly source: Source
  readonly bounds: Bounds
  readonly values: readonly Aggregated[]
}

function groupRows(fact: Fact, { rows, source, bounds, values }: FactRows): Query {
  const { context, leaf, times, others, base } = fact
  const cuts = times.map(({ cut }) => cut ?? {})
  const moved = moveTime(context, column('t', 'r'), { shifts: leaf.shifts, base, cuts, bounds })
  const time = moved.times.at(-1) ?? column('t', 'r')
  const cutter = openCutter(context)
  const by: readonly Named[] = [
    ...others.map(({ name }) => ({ name, sql: column(name, 'r') })),
    ...times.map(({ name, cut }) => ({ name, sql: cutter.cut(time, cut ?? {}) })),
  ]
  if (
    leaf.shifts.some((shift) => shift.kind === 'by' && shift.align === 'period' && movesMonths(shift)) &&
    rows.late.length > 0
  ) {
    refuse(
      'unsupported',
      'A condition on the time of an offset of months cannot be proven right; bound the question with from and to.',
    )
  }
  const where = [
    // A row without a time is seen from no other.
    ...(leaf.shifts.length === 0 ? [] : [not(isNull(column('t', 'r')))]),
    ...rows.late.map(({ condition, sql }) => placeTime(sql, moved.times[condition.after] ?? time)),
    // A running number without a time is the one at the end: what came before the bounds counts too.
    ...withinTime(leaf.cumulative === undefined ? context : { ...context, from: undefined }, time),
    ...startsOnly(leaf, base, cuts, time),
  ]
  const grouping: Grouping = {
    rows: source,
    joins: [...moved.joins, ...cutter.joins],
    where,
    by,
    values,
    choose: chooseOf(context, leaf, times),
    minRows: context.access.minRows(leaf.model),
  }
  return aggregate(context, grouping)
}

function chooseOf({ layer }: Context, leaf: Leaf, times: readonly Asked[]): Grouping['choose'] {
  const over = layer.models[leaf.model]?.measures[leaf.measure]?.over_time
  if (over === undefined) return undefined
  return { which: over.choose, per: over.per.map((entity) => `per ${entity}`), times: times.map(({ name }) => name) }
}
