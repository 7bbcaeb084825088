import { conjuncts, namesIn, nodesIn } from '../condition/visit-tree.ts'
import type { StandardGrain, Tree } from '../condition/tree.ts'
import { metricTime, resolveName, type NameScope, type Resolved } from '../names/resolve-name.ts'
import { isMetricTime, timeOfLeaf } from '../plan/asked.ts'
import type { Filter, Leaf } from '../plan/expand-metric.ts'
import { refuse } from '../refuse.ts'
import type { Sql } from '../sql/sql.ts'
import type { Cutter } from './calendars.ts'
import type { Context } from './context.ts'
import type { MetricRows } from './metric-rows.ts'
import { refuseFiner } from './refuse-finer.ts'
import type { RowScope } from './row-scope.ts'
import { writeTree, type Names } from './write-tree.ts'

/** Whose names a question's own conditions hold: those that every metric of it reaches, and its asker may see. */
export interface Asking {
  readonly question: NameScope
  /** Builds the rows of a metric that a condition speaks of. */
  readonly metricRows: MetricRows
}

/** One condition of a leaf, with the time that it is about. */
export interface Condition {
  readonly tree: Tree
  readonly filter: Filter
  /** So many shifts lie between the rows' own time and the one it speaks of. */
  readonly after: number
  readonly time: boolean
  readonly other: boolean
}

export const resolveFor = (
  tree: Extract<Tree, { kind: 'name' }>,
  filter: Filter,
  leaf: Leaf,
  asking: Asking,
): Resolved => resolveName(tree, scopeOf(filter, leaf, asking))

function scopeOf(filter: Filter, leaf: Leaf, { question }: Asking): NameScope {
  if (filter.level === 'question') return question
  return { layer: question.layer, bases: [leaf.model], sees: () => true }
}

export function splitConditions(
  context: Context,
  leaf: Leaf,
  filters: readonly Filter[],
  asking: Asking,
): readonly Condition[] {
  return filters.flatMap((filter) =>
    conjuncts(filter.tree).map((tree) => {
      const times = namesIn(tree).map((name) =>
        isMetricTime(context.layer, leaf, resolveFor(name, filter, leaf, asking)),
      )
      return {
        tree,
        filter,
        after: leaf.shifts.length - filter.above,
        time: times.includes(true),
        other: times.includes(false) || mentionsMetric(tree),
      }
    }),
  )
}

const mentionsMetric = (tree: Tree): boolean => nodesIn(tree).some((node) => node.kind === 'metric')

/** What names stand for in rows that are still being collected; `time` is the metric_time that conditions mean. */
export function rowNames(
  context: Context,
  {
    leaf,
    filter,
    asking,
    rows,
    cutter,
    time,
  }: {
    readonly leaf: Leaf
    readonly filter: Filter
    readonly asking: Asking
    readonly rows: RowScope
    readonly cutter: Cutter
    readonly time: () => Sql
  },
): Names {
  return {
    name: (tree) => {
      const resolved = resolveFor(tree, filter, leaf, asking)
      if (isMetricTime(context.layer, leaf, resolved)) {
        const cut =
          resolved.cut ?? (resolved.name === metricTime ? context.defaultCut : ownCut(context, resolved, leaf))
        const finest = grainOfTime(context, leaf.model, timeOfLeaf(context.layer, leaf) ?? '')
        refuseFiner(context, { name: tree.name, cut, finest, nearest: `${resolved.name}__${finest}` })
        return { sql: cutter.cut(time(), cut), time: cut.part === undefined }
      }
      const column = resolved.columns?.get(leaf.model)
      if (column === undefined) return refuse('unreachable', `${resolved.name} cannot be reached from ${leaf.model}.`)
      const sql = rows.dimension(column)
      if (column.kind !== 'time') return { sql, time: false }
      const cut = resolved.cut ?? ownCut(context, resolved, leaf)
      const finest = grainOfTime(context, column.reach.model, column.item)
      refuseFiner(context, { name: tree.name, cut, finest, nearest: `${resolved.name}__${finest}` })
      return { sql: cutter.cut(sql, cut), time: cut.part === undefined }
    },
    metric: (tree) => ({ sql: asking.metricRows(tree, { leaf, filter, asking, rows }), time: false }),
  }
}

function grainOfTime({ layer }: Context, model: string, item: string): StandardGrain {
  const dimension = layer.models[model]?.dimensions[item]
  return dimension?.type === 'time' ? dimension.grain : 'day'
}

/** A time dimension without a grain is cut into its own. */
export function ownCut(
  context: Context,
  { columns }: Resolved,
  { model }: Pick<Leaf, 'model'>,
): NonNullable<Resolved['cut']> {
  const column = columns?.get(model)
  const dimension = context.layer.models[column?.reach.model ?? '']?.dimensions[column?.item ?? '']
  return { grain: dimension?.type === 'time' ? dimension.grain : 'day' }
}

export const writeCondition = (condition: Condition, names: Names): Sql => writeTree(condition.tree, names)
