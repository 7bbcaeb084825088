import {
  column,
  fromQuery,
  operation,
  select,
  later,
  timestamp,
  type Named,
  type Query,
  type Select,
  type Sql,
} from '../sql/sql.ts'
import { aggregate } from './aggregate.ts'
import { openCutter, standardGrain } from './calendars.ts'
import type { Fact, FactRows } from './fact.ts'
import { placeTime } from './leaf-rows.ts'
import { spine, spineBounds, type Bounds } from './spine.ts'
import { moveTime } from './timeline.ts'
import { startsOnly } from './starts-only.ts'
import { withinTime } from './within-time.ts'

/** A running aggregate: at each time, over the rows up to it, or within a window before it. */
export function accumulate(fact: Fact, { rows, source, bounds, values }: FactRows): Query {
  const { context, leaf, times, others, base } = fact
  const around = runningBounds(fact, bounds)
  const running = runningValues(fact, { source, bounds: around, values })
  const cuts = times.map(({ cut }) => cut ?? {})
  const spineEnds = spineBounds(context, base, around)
  const moved = moveTime(context, column('t', 'r'), { shifts: leaf.shifts, base, cuts, bounds: spineEnds })
  const time = moved.times.at(-1) ?? column('t', 'r')
  const cutter = openCutter(context)
  const by: readonly Named[] = [
    ...others.map(({ name }) => ({ name, sql: column(name, 'r') })),
    ...times.map(({ name, cut }) => ({ name, sql: cutter.cut(time, cut ?? {}) })),
  ]
  const joins = [...moved.joins, ...cutter.joins]
  const where = [
    ...rows.late.map(({ condition, sql }) => placeTime(sql, moved.times[condition.after] ?? time)),
    ...withinTime(context, time),
    ...startsOnly(leaf, base, cuts, time),
  ]
  const names = values.map(({ name }) => name)
  const from = fromQuery('r', running)
  if (cuts.some(({ grain }) => grain === base)) {
    const kept = names.map((name) => ({ name, sql: column(name, 'r') }))
    return select({ columns: [...by, ...kept], from, joins, where })
  }
  return pickOne(fact, { by, names, stage: (more) => select({ columns: [...by, ...more], from, joins, where }) })
}

/** Where no calendar says it, a running number goes from the first to the last row, or as far as is asked for. */
function runningBounds({ context: { from, until }, leaf }: Fact, bounds: Bounds): Bounds {
  if (leaf.shifts.length > 0) return bounds
  return {
    first: from === undefined ? bounds.first : timestamp(from),
    last: until === undefined ? bounds.last : later(timestamp(until), -1, 'millisecond'),
  }
}

/** By the asked-for columns that are no time, and `t`: each time of the spine from which a row is seen. */
function runningValues(fact: Fact, given: Omit<FactRows, 'rows'>): Select {
  const { context, leaf, others, base } = fact
  const { source, values } = perTime(fact, given)
  const at = column('t', 's')
  const own: Sql = source === given.source ? { kind: 'truncate', of: column('t', 'r'), grain: base } : column('t', 'r')
  const on = [operation('<=', own, at)]
  const { window, toDate } = leaf.cumulative ?? {}
  if (window !== undefined) {
    on.push(operation('>', own, later(at, -window.count, standardGrain(window.unit))))
  }
  if (toDate !== undefined) on.push(operation('>=', own, { kind: 'truncate', of: at, grain: toDate }))
  return aggregate(context, {
    rows: source,
    joins: [{ ...spine(context, base, 's', given.bounds), join: 'inner', on }],
    where: [],
    by: [...others.map(({ name }) => ({ name, sql: column(name, 'r') })), { name: 't', sql: at }],
    values,
    choose: undefined,
    minRows: context.access.minRows(leaf.model),
  })
}

const again = { sum: 'sum', count: 'sum', sum_boolean: 'sum', min: 'min', max: 'max' } as const
const isAdditive = (agg: string): agg is keyof typeof again => Object.hasOwn(again, agg)

/** What can be put together from its parts is aggregated once for each time, before every later time sees it. */
function perTime(
  { context, leaf, others, base }: Fact,
  { source, values }: Omit<FactRows, 'rows'>,
): Pick<FactRows, 'source' | 'values'> {
  const parts = values.flatMap((value) =>
    isAdditive(value.measure.agg) ? [{ value, agg: again[value.measure.agg] }] : [],
  )
  if (parts.length < values.length || context.access.minRows(leaf.model) !== undefined) return { source, values }
  const once = aggregate(context, {
    rows: source,
    joins: [],
    where: [],
    by: [
      ...others.map(({ name }) => ({ name, sql: column(name, 'r') })),
      { name: 't', sql: { kind: 'truncate', of: column('t', 'r'), grain: base } },
    ],
    values,
    choose: undefined,
    minRows: undefined,
  })
  return {
    source: fromQuery('r', once),
    values: parts.map(({ value, agg }) => ({ ...value, from: value.name, measure: { ...value.measure, agg } })),
  }
}

/** For a coarser period, one of its times stands for it, or their average. */
function pickOne(
  { leaf }: Fact,
  {
    by,
    names,
    stage,
  }: {
    readonly by: readonly Named[]
    readonly names: readonly string[]
    readonly stage: (more: readonly Named[]) => Select
  },
): Select {
  const values = names.map((name) => ({ name, sql: column(name, 'r') }))
  const keys = by.map(({ name }) => ({ name, sql: column(name, 'a') }))
  const choice = leaf.cumulative?.atCoarser ?? 'first'
  if (choice === 'average') {
    const averages = names.map((name): Named => ({
      name,
      sql: { kind: 'aggregate', aggregate: 'avg', of: column(name, 'a') },
    }))
    return select({ columns: [...keys, ...averages], from: fromQuery('a', stage(values)), groupBy: keys.length })
  }
  const place: Sql = {
    kind: 'window',
    name: 'row_number',
    of: undefined,
    partition: by.map(({ sql }) => sql),
    order: [{ by: column('t', 'r'), descending: choice === 'last' }],
  }
  return select({
    columns: [...keys, ...names.map((name) => ({ name, sql: column(name, 'a') }))],
    from: fromQuery('a', stage([...values, { name: 'place', sql: place }])),
    where: [operation('=', column('place', 'a'), { kind: 'literal', value: 1 })],
  })
}
