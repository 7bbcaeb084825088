import type { SqlToken } from './sql-tokens.ts'

export type Aggregate = 'sum' | 'min' | 'max' | 'avg' | 'count' | 'count_distinct' | 'median' | 'percentile'

/** The arithmetic of a metric's SQL, down to its aggregates. */
export type MetricSql =
  | {
      readonly kind: 'aggregate'
      readonly aggregate: Aggregate
      /** What is aggregated; a row where it is `*`. */
      readonly of: readonly SqlToken[]
      readonly percentile: { readonly at: number; readonly discrete: boolean } | undefined
    }
  | { readonly kind: 'metric'; readonly name: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'operation'; readonly operator: string; readonly left: MetricSql; readonly right: MetricSql }
  | { readonly kind: 'negative'; readonly of: MetricSql }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly MetricSql[] }

/** Without what a quotient is wrapped in to be null by zero and real, which ours are anyway. */
export function unwrap(sql: MetricSql): MetricSql {
  if (sql.kind !== 'call' || sql.name !== 'nullif') return sql
  const [first, second] = sql.args
  return first !== undefined && second?.kind === 'number' && Number(second.text) === 0 ? first : sql
}

/** Everything that it aggregates, or names. */
export function leavesOf(sql: MetricSql): readonly Extract<MetricSql, { kind: 'aggregate' | 'metric' }>[] {
  if (sql.kind === 'aggregate' || sql.kind === 'metric') return [sql]
  if (sql.kind === 'operation') return [...leavesOf(sql.left), ...leavesOf(sql.right)]
  if (sql.kind === 'negative') return leavesOf(sql.of)
  return sql.kind === 'call' ? sql.args.flatMap(leavesOf) : []
}
