import type { MetricLayer, Model } from '../../../schemas/metrics.ts'
import type { Acl } from '../../../schemas/config.ts'
import type { Caller } from '../../core/caller.ts'

/** What a caller may see of the models. Decided from the layer's policies and the caller's groups alone. */
export interface Access {
  /** Whether the model exists for the caller at all. */
  model(model: string): boolean
  /** Conditions of which a row has to fulfil one; undefined: every row; none: no row. */
  rows(model: string): readonly string[] | undefined
  sees(model: string, item: string): boolean
  /** Groups of fewer rows are left out. */
  minRows(model: string): number | undefined
}

/** `everybody`: the groups that read a model without a policy; undefined: administrators only. */
export function accessOf(layer: MetricLayer, caller: Caller, everybody: Acl | undefined): Access {
  const unnamed = caller.admin || opens(everybody, caller)
  const entriesOf = (name: string): Model['policy'] | undefined => {
    const policy = layer.models[name]?.policy ?? []
    if (caller.admin || policy.length === 0) return undefined
    return policy.filter(({ groups }) => groups.some((group) => group === '*' || caller.groups.includes(group)))
  }
  return {
    model: (model) => entriesOf(model)?.length !== 0 && (unnamed || (layer.models[model]?.policy.length ?? 0) > 0),
    rows: (model) => {
      const entries = entriesOf(model)
      if (entries === undefined) return undefined
      const rows = entries.map((entry) => entry.rows)
      return rows.includes(undefined) ? undefined : rows.filter((row) => row !== undefined)
    },
    sees: (model, item) => {
      const entries = entriesOf(model)
      return entries === undefined || entries.some(({ hidden }) => !hidden.includes(item))
    },
    minRows: (model) => {
      const least = entriesOf(model)?.map((entry) => entry.min_rows)
      return least === undefined || least.includes(undefined) ? undefined : Math.min(...least.filter((one) => one !== undefined))
    },
  }
}

function opens(acl: Acl | undefined, { groups }: Caller): boolean {
  if (acl === undefined) return false
  return 'public' in acl || [acl.groups].flat().some((group) => groups.includes(group))
}
