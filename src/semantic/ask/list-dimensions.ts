import type { MetricDimension } from '../../core/numbers.ts'
import { listColumns, type Reachable } from '../names/list-columns.ts'
import { metricTime } from '../names/resolve-name.ts'
import { timeOfLeaf } from '../plan/asked.ts'
import { expandMetric, leavesOf } from '../plan/expand-metric.ts'
import type { Access } from '../plan/access.ts'
import type { NumbersContext } from './context.ts'

/** What these metrics can all be asked by, metric_time first, then the nearest. */
export function listDimensions(
  { layer }: Pick<NumbersContext, 'layer'>,
  metrics: readonly string[],
  access: Pick<Access, 'model' | 'sees'>,
): readonly MetricDimension[] {
  const leaves = metrics.flatMap((name) => leavesOf(expandMetric(layer, name, { filters: [], shifts: [] })))
  const bases = [...new Set(leaves.map(({ model }) => model))]
  const lists = bases.map((base) =>
    listColumns(layer, base).filter(
      ({ reach, item }) => access.sees(reach.model, item) && reach.hops.every(({ model }) => access.model(model)),
    ),
  )
  const [first = [], ...rest] = lists
  const common = first.filter(
    ({ name }, index) =>
      first.findIndex((one) => one.name === name) === index &&
      rest.every((list) => list.some((one) => one.name === name)),
  )
  const timed = leaves.length > 0 && leaves.every((leaf) => timeOfLeaf(layer, leaf) !== undefined)
  const time: readonly MetricDimension[] = timed
    ? [
        {
          name: metricTime,
          kind: 'time',
          label: null,
          description: 'When it happened, of each metric its own',
          grain: null,
        },
      ]
    : []
  return [...time, ...common.map((column) => described(layer, column))]
}

function described({ models }: NumbersContext['layer'], { name, kind, item, reach }: Reachable): MetricDimension {
  const dimension = models[reach.model]?.dimensions[item]
  return {
    name,
    kind,
    label: dimension?.label ?? null,
    description: dimension?.description ?? models[reach.model]?.entities[item]?.description ?? null,
    grain: dimension?.type === 'time' ? dimension.grain : null,
  }
}
