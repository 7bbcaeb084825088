import type { Tree } from '../condition/tree.ts'
import type { Filter, Leaf } from '../plan/expand-metric.ts'
import type { Sql } from '../sql/sql.ts'
import type { Asking } from './conditions.ts'
import type { RowScope } from './row-scope.ts'

/** Joins a metric's values to rows by the entities it is asked by; gives the value's column. */
export type MetricRows = (
  tree: Extract<Tree, { kind: 'metric' }>,
  into: { readonly leaf: Leaf; readonly filter: Filter; readonly asking: Asking; readonly rows: RowScope },
) => Sql
