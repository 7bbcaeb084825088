import { conditionOf } from '../plan/expand-metric.ts'
import { literal, type Sql } from '../sql/sql.ts'
import type { Context } from './context.ts'
import { expressionOf } from './expression-of.ts'
import { writeTree } from './write-tree.ts'

/** What keeps the rows of a model from a caller who may not see them: conditions over its own columns. */
export function policyOf(context: Context, model: string): readonly Sql[] {
  const rows = context.access.rows(model)
  if (rows === undefined) return []
  const found = context.layer.models[model]
  if (found === undefined) return [literal(false)]
  const { dimensions, entities } = found
  const conditions = rows.map((row) =>
    writeTree(conditionOf(row), {
      name: ({ name }) => {
        const item = name.split('__').at(-1) ?? name
        const expression = expressionOf(dimensions[item]?.expr ?? entities[item]?.expr ?? item)
        return dimensions[item]?.type === 'time'
          ? { sql: { kind: 'cast', of: expression, to: 'timestamp' }, time: true }
          : { sql: expression, time: false }
      },
      metric: () => ({ sql: literal(null), time: false }),
    }),
  )
  if (conditions.length === 0) return [literal(false)]
  return [conditions.reduce((left, right) => ({ kind: 'operation', operator: 'or', left, right }))]
}
