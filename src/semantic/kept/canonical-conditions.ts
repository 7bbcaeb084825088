import type { MetricLayer } from '../../../schemas/metrics.ts'
import { defaultGrainOf } from '../compile.ts'
import type { StandardGrain, Tree } from '../condition/tree.ts'
import { conjuncts, mapTree } from '../condition/visit-tree.ts'
import { answerName, resolveName, type NameScope, type Resolved } from '../names/resolve-name.ts'
import { conditionOf, type Leaf } from '../plan/expand-metric.ts'
import type { Access } from '../plan/access.ts'
import type { Question } from '../question.ts'
import type { Facts } from './facts-of.ts'

/** What a question asks of the rows, part by part, each name as an answer's column of it would be called. */
export function canonicalConditions(
  layer: MetricLayer,
  { where }: Question,
  { facts, access }: { readonly facts: Facts; readonly access: Access },
): readonly Tree[] {
  if (where === undefined) return []
  const parts = conjuncts(conditionOf(where))
  if (facts.leaves.length === 0) return parts
  const metrics = [...facts.values].map(([name, value]) => ({ name, value }))
  const bases = [...new Set(facts.leaves.map(({ model }) => model))]
  const scope: NameScope = { layer, bases, sees: (model, item) => access.sees(model, item) }
  const grain = defaultGrainOf(layer, metrics)
  return parts.map((part) =>
    mapTree(part, (tree) => {
      if (tree.kind !== 'name') return tree
      const resolved = resolveName(tree, scope)
      return {
        kind: 'name',
        name: nameOf(layer, resolved, grain, facts.leaves),
        path: [],
        grain: undefined,
        part: undefined,
      }
    }),
  )
}

/** A time without a grain is cut as a column of it would be. */
function nameOf(layer: MetricLayer, resolved: Resolved, metricGrain: StandardGrain, leaves: readonly Leaf[]): string {
  if (resolved.kind !== 'time' || resolved.cut !== undefined) return answerName(resolved)
  if (resolved.columns === undefined) return answerName({ ...resolved, cut: { grain: metricGrain } })
  const own = new Set(
    leaves.map(({ model }) => {
      const found = resolved.columns?.get(model)
      const dimension = layer.models[found?.reach.model ?? '']?.dimensions[found?.item ?? '']
      return dimension?.type === 'time' ? dimension.grain : 'day'
    }),
  )
  const [grain, other] = own
  // Of several models with grains of their own it is no one column.
  return answerName({ ...resolved, cut: other === undefined && grain !== undefined ? { grain } : undefined })
}
