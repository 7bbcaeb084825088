import type { MetricLayer } from '../../schemas/metrics.ts'
import { parseGroupBy } from './condition/parse-group-by.ts'
import type { Tree } from './condition/tree.ts'
import { nodesIn } from './condition/visit-tree.ts'
import type { Telling } from './describe-metric.ts'
import { resolveName, type NameRequest } from './names/resolve-name.ts'
import type { Access } from './plan/access.ts'
import { conditionOf } from './plan/expand-metric.ts'
import { isVisible } from './plan/is-visible.ts'
import { RefusalSignal } from './refuse.ts'

/** What callers other than administrators are told of definitions: no SQL, and no word of what is hidden from them. */
export function tellingFor(layer: MetricLayer, access: Access): Telling {
  const isTold = (node: Tree, bases: readonly string[]): boolean => {
    const scope = { layer, access, bases }
    if (node.kind === 'name') return seesName(node, scope)
    if (node.kind !== 'metric') return true
    return isVisible(layer, node.name, access) && node.by.every((text) => seesName(parseGroupBy(text), scope))
  }
  return {
    condition: (text, models) =>
      nodesIn(conditionOf(text)).every((node) => isTold(node, models)) ? text : 'a condition that is not yours to see',
    // A column may be one that a hidden item is made of.
    expression: (text, model) => {
      const { dimensions = {}, measures = {}, entities = {} } = layer.models[model] ?? {}
      const items = Object.entries({ ...dimensions, ...measures, ...entities })
      const hidden = items.flatMap(([item, { expr = item }]) => (access.sees(model, item) ? [] : [item, expr]))
      return /^\w+$/.test(text) && !hidden.includes(text) ? text : '…'
    },
  }
}

/** Whether what a name stands for in a definition, which sees everything, is something that the caller sees too. */
function seesName(
  name: NameRequest,
  { layer, access, bases }: { readonly layer: MetricLayer; readonly access: Access; readonly bases: readonly string[] },
): boolean {
  try {
    const { columns } = resolveName(name, { layer, bases, sees: () => true })
    return [...(columns?.values() ?? [])].every(
      ({ reach, item }) => access.sees(reach.model, item) && reach.hops.every(({ model }) => access.model(model)),
    )
  } catch (error) {
    if (error instanceof RefusalSignal) return false
    throw error
  }
}
