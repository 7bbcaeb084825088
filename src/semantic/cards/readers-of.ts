import type { Acl } from '../../../schemas/config.ts'
import type { MetricLayer } from '../../../schemas/metrics.ts'
import { everybody, type Caller } from '../../core/caller.ts'
import { accessOf, type Access } from '../plan/access.ts'
import { expandMetric, leavesOf } from '../plan/expand-metric.ts'
import { seesLeaf } from '../plan/sees-leaf.ts'

/** What anybody with an entry of an acl sees, whatever further groups they have. */
type Surely = (entry: string) => Pick<Access, 'model' | 'sees'>

export interface Readers {
  /** Entries of an acl; none: administrators only. Who sees a metric only by several groups together is not among them. */
  readonly entries: readonly string[]
  /** What every one of them sees. */
  readonly access: Pick<Access, 'model' | 'sees'>
}

/** Who may know of each metric, for stores that know readers by single groups. `open`: who sees models without a policy. */
export function readersOf(layer: MetricLayer, open: Acl | undefined): (metric: string) => Readers {
  const named = open === undefined || 'public' in open ? [] : [open.groups].flat()
  const candidates = [
    ...new Set([everybody, ...named, ...Object.keys(layer.models).flatMap((model) => groupsOf(layer, model))]),
  ]
  const surely = surelySeen(layer, open)
  return (metric) => {
    const leaves = leavesOf(expandMetric(layer, metric, { filters: [], shifts: [] }))
    const fitting = candidates.filter((entry) => leaves.every((leaf) => seesLeaf(leaf, surely(entry))))
    const entries = fitting.includes(everybody) ? [everybody] : fitting
    const all = entries.map(surely)
    return {
      entries,
      access: {
        model: (model) => all.every((one) => one.model(model)),
        sees: (model, item) => all.every((one) => one.sees(model, item)),
      },
    }
  }
}

/**
 * One more group may hide an item that was seen without it: rows of one group do not lend another's columns. A third one
 * hides nothing more, so pairs are enough.
 */
function surelySeen(layer: MetricLayer, open: Acl | undefined): Surely {
  const accesses = new Map<string, Access>()
  const accessFor = (...entries: readonly string[]): Access => {
    const key = JSON.stringify(entries)
    const access = accesses.get(key) ?? accessOf(layer, memberOf(entries), open)
    accesses.set(key, access)
    return access
  }
  const known = new Map<string, boolean>()
  return (entry) => ({
    // More groups never hide a whole model.
    model: (model) => accessFor(entry).model(model),
    sees: (model, item) => {
      const key = JSON.stringify([entry, model, item])
      const seen =
        known.get(key) ?? [entry, ...groupsOf(layer, model)].every((other) => accessFor(entry, other).sees(model, item))
      known.set(key, seen)
      return seen
    },
  })
}

function memberOf(entries: readonly string[]): Caller {
  return { id: '', groups: entries.filter((entry) => entry !== everybody), admin: false }
}

const groupsOf = ({ models }: MetricLayer, model: string): readonly string[] => [
  ...new Set(models[model]?.policy.flatMap(({ groups }) => groups) ?? []),
]
