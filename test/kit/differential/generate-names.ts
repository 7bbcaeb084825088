import type { MetricLayer } from '../../../schemas/metrics.ts'
import { factsIn, readFormula } from '../evaluator/formula.ts'
import { reachableItems } from '../evaluator/reachable.ts'
import type { Item } from '../evaluator/reachable.ts'
import type { Random } from '../random.ts'
import { chance } from './generated.ts'
import type { ColumnKind, Generated } from './generated.ts'

/** A name that can be asked for, and what it holds. */
export interface Nameable {
  readonly name: string
  readonly kind: ColumnKind
  readonly isEntity: boolean
  /** Of a time dimension. */
  readonly grain: string | undefined
}

type Named = Pick<Generated, 'layer' | 'kinds'>

/** What all of these models reach; `metric_time` is not among it. */
export function namesOf({ layer, kinds }: Named, models: readonly string[], mayFanOut: boolean): readonly Nameable[] {
  const found = models.map((model) => {
    const items = reachableItems(layer, model).filter(({ isFanOut }) => mayFanOut || !isFanOut)
    return new Map(items.map((item) => [item.parts.join('__'), item]))
  })
  return [...(found[0] ?? [])]
    .filter(([name]) => found.every((items) => items.has(name)))
    .map(([name, item]) => nameable(layer, kinds, name, item))
}

function nameable(layer: MetricLayer, kinds: Generated['kinds'], name: string, item: Item): Nameable {
  const dimension = item.kind === 'entity' ? undefined : layer.models[item.model]?.dimensions[item.element]
  return {
    name,
    kind: kinds[item.model]?.[item.element] ?? 'text',
    isEntity: item.kind === 'entity',
    grain: dimension?.type === 'time' ? dimension.grain : undefined,
  }
}

/** Without its beginning, at times: then it means the nearest, or too many. */
export function perhapsShort(random: Random, name: string): string {
  const parts = name.split('__')
  return parts.length > 1 && chance(random, 0.1) ? parts.slice(random.int(1, parts.length - 1)).join('__') : name
}

/** The models whose rows a metric counts. */
export function modelsOf(layer: MetricLayer, metrics: readonly string[]): readonly string[] {
  const facts = metrics.flatMap((name) => factsIn(readFormula(layer, name, { conditions: [], shifts: [] })))
  return [...new Set(facts.map(({ model }) => model))]
}
