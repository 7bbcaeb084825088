import type { StandardGrain } from '../condition/tree.ts'
import { namesIn, nodesIn } from '../condition/visit-tree.ts'
import { answerName } from '../names/resolve-name.ts'
import {
  column,
  fromCommon,
  fromQuery,
  isNull,
  operation,
  select,
  type Named,
  type Query,
  type Sql,
} from '../sql/sql.ts'
import { openCutter } from './calendars.ts'
import { resolveFor, splitConditions, type Condition } from './conditions.ts'
import { coarser, shareQuery } from './context.ts'
import type { Fact } from './fact.ts'
import { shownBounds } from './shown-bounds.ts'
import { spine, type Bounds } from './spine.ts'
import { withinTime } from './within-time.ts'
import { writeTree } from './write-tree.ts'

/** Adds the periods that have no rows; other columns are null there. */
export function showPeriods(
  fact: Fact,
  { grouped, bounds, names }: { readonly grouped: Query; readonly bounds: Bounds; readonly names: readonly string[] },
): Query {
  const { context, times, others } = fact
  const grain = shownGrain(fact)
  const cutter = openCutter(context)
  const at = column('t', 's')
  const periods = select({
    columns: times.map(({ name, cut }) => ({ name, sql: cutter.cut(at, cut ?? {}) })),
    from: spine(context, grain, 's', shownBounds(fact, bounds)),
    joins: cutter.joins,
    // The first period may begin before the bounds.
    where: withinTime(context, at, grain),
    distinct: true,
  })
  const common = shareQuery(context, 'shown', grouped)
  const isTime = new Set(times.map(({ name }) => name))
  const from = (columnOf: (name: string) => Sql): readonly Named[] =>
    [...others, ...times].map(({ name }) => ({ name, sql: columnOf(name) }))
  const ofPeriods = (name: string): Sql => column(name, isTime.has(name) ? 'p' : 'f')
  const values = names.map((name) => ({ name, sql: column(name, 'f') }))
  const same = times.map(({ name }) => operation('=', column(name, 'p'), column(name, 'f')))
  const shown = select({
    columns: [...from(ofPeriods), ...values],
    from: fromQuery('p', periods),
    joins: [{ ...fromCommon('f', common), join: 'left', on: same }],
    where: againOn(fact, ofPeriods),
  })
  // What lies outside of the calendar, or has no time, is there all the same.
  const [first] = times
  const outside = select({
    columns: [...from((name) => column(name, 'f')), ...values],
    from: fromCommon('f', common),
    joins: [{ ...fromQuery('p', periods), join: 'left', on: same }],
    where: [isNull(column(first?.name ?? '', 'p'))],
  })
  return { kind: 'union', parts: [shown, outside] }
}

/** The coarsest grain that has every asked-for period: that of the only one, else the fact's. */
function shownGrain({ times, base }: Fact): StandardGrain {
  const [first, ...rest] = times.map(({ cut }) => cut?.grain)
  return first === undefined || rest.some((grain) => grain !== first) ? base : coarser(base, first)
}

/** Conditions of the question and its metrics that speak of shown columns only, once more for the added rows. */
function againOn(fact: Fact, columnOf: (name: string) => Sql): readonly Sql[] {
  const { context, leaf, asking } = fact
  const filters = (leaf.conversion?.baseFilters ?? leaf.filters).filter(({ level }) => level !== 'measure')
  return splitConditions(context, leaf, filters, asking).flatMap((condition) => {
    const shown = namesIn(condition.tree).map((tree) => shownName(fact, condition, tree))
    const mentions = nodesIn(condition.tree).some(({ kind }) => kind === 'metric')
    if (mentions || shown.length === 0 || shown.includes(undefined)) return []
    return [
      writeTree(condition.tree, {
        name: (tree) => {
          const name = shownName(fact, condition, tree) ?? ''
          const asked = fact.asked.find((one) => one.name === name)
          return { sql: columnOf(name), time: asked?.cut?.grain !== undefined }
        },
        metric: () => ({ sql: { kind: 'literal', value: null }, time: false }),
      }),
    ]
  })
}

/** The asked-for column that a name of a condition is. */
function shownName(
  fact: Fact,
  { filter, after }: Condition,
  tree: Parameters<typeof resolveFor>[0],
): string | undefined {
  const { context, leaf, asked, asking } = fact
  const resolved = resolveFor(tree, filter, leaf, asking)
  if (after < leaf.shifts.length) return undefined
  const cut = resolved.cut ?? (resolved.columns === undefined ? context.defaultCut : undefined)
  const name = answerName({ ...resolved, cut })
  return asked.find((one) => one.name === name)?.name
}
