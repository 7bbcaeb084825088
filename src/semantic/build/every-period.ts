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
  later,
  timestamp,
  type Named,
  type Query,
  type Source,
  type Sql,
} from '../sql/sql.ts'
import { isMetricTime, type Asked } from '../plan/asked.ts'
import { refuse } from '../refuse.ts'
import { calendarQuery, grainOfAll, openCutter } from './calendars.ts'
import { ownCut, resolveFor, splitConditions, type Condition } from './conditions.ts'
import { rank, shareQuery, type Context } from './context.ts'
import type { Fact } from './fact.ts'
import { boundsOf, hasCalendar, nowhere, series, spine, type Bounds } from './spine.ts'
import { withinTime } from './within-time.ts'
import { writeTree } from './write-tree.ts'

/** Adds the periods that have no rows; other columns are null there. */
export function showPeriods(
  fact: Fact,
  { grouped, names }: { readonly grouped: Query; readonly names: readonly string[] },
): Query {
  const { context, times, others } = fact
  const common = shareQuery(context, 'shown', grouped)
  const { source, grain } = momentsOf(fact, common)
  const cutter = openCutter(context)
  const at = column('t', 's')
  const periods = select({
    columns: times.map(({ name, cut }) => ({ name, sql: cutter.cut(at, cut ?? {}) })),
    from: source,
    joins: cutter.joins,
    // A period that begins before the bounds may have days within them.
    where: withinTime(context, at, rank(fact.grain) < rank(grain) ? grain : undefined),
    distinct: true,
  })
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

/** Column `t` of alias `s`: the moments whose periods are shown, and how long each is. */
function momentsOf(
  { context, times }: Fact,
  common: string,
): { readonly source: Source; readonly grain: StandardGrain } {
  const cuts = times.map(({ cut }) => cut ?? {})
  const grain = grainOfAll(context, cuts)
  const named = cuts.find(({ period }) => period !== undefined)?.period
  if (named === undefined) {
    const source = hasCalendar(context, grain)
      ? spine(context, grain, 's', nowhere)
      : series(grain, 's', shownBounds(context, times, common))
    return { source, grain }
  }
  const own = context.layer.calendars[named.calendar]?.grain ?? 'day'
  if (rank(own) > rank(grain)) {
    refuse('unsupported', `Every ${named.name} cannot be shown beside each ${grain}: ${named.calendar} has none.`)
  }
  return { source: fromQuery('s', calendarQuery(context, named.calendar)), grain: own }
}

/** Without a calendar, the periods go from the first to the last that there is, or that is asked for. */
function shownBounds({ from, until }: Context, times: readonly Asked[], common: string): Bounds {
  const [finest] = times
    .flatMap(({ name, cut }) => (cut?.grain === undefined ? [] : [{ name, grain: cut.grain }]))
    .toSorted((one, other) => rank(one.grain) - rank(other.grain))
  const there = finest === undefined ? undefined : boundsOf(fromCommon('f', common), finest.name)
  const end = until === undefined ? undefined : timestamp(until)
  const first = from === undefined ? there?.first : timestamp(from)
  const after = end ?? (there && finest && later(there.last, 1, finest.grain))
  if (first === undefined || after === undefined) {
    return refuse('needs_time', 'Every period by a part of the date needs from and to, or a calendar.')
  }
  return { first, last: later(after, -1, 'millisecond') }
}

/** Conditions of the question and its metrics that speak of shown columns only, once more for the added rows. */
function againOn(fact: Fact, columnOf: (name: string) => Sql): readonly Sql[] {
  const { context, leaf, asking } = fact
  const filters = (leaf.conversion?.baseFilters ?? leaf.filters).filter(({ level }) => level !== 'measure')
  return splitConditions(context, leaf, filters, asking).flatMap((condition) => {
    const shown = namesIn(condition.tree).map((tree) => shownName(fact, condition, tree))
    const mentions = nodesIn(condition.tree).some(({ kind }) => kind === 'metric')
    if (mentions || shown.includes(undefined)) return []
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
  if (after < leaf.shifts.length && isMetricTime(context.layer, leaf, resolved)) return undefined
  const own = resolved.columns === undefined ? context.defaultCut : ownCut(context, resolved, leaf)
  const cut = resolved.cut ?? (resolved.kind === 'time' ? own : undefined)
  const name = answerName({ ...resolved, cut })
  return asked.find((one) => one.name === name)?.name
}
