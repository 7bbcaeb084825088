import type { MetricLayer, Model } from '../../../schemas/metrics.ts'
import type { Acl } from '../../../schemas/config.ts'
import type { Caller } from '../../core/caller.ts'

/** What a caller may see of the models: decided from the layer's policies and the caller's groups alone. */
export interface Access {
  /** Whether the model exists for the caller at all. */
  readonly model: (model: string) => boolean
  /** Conditions of which a row has to fulfil one; undefined: every row; none: no row. */
  readonly rows: (model: string) => readonly string[] | undefined
  readonly sees: (model: string, item: string) => boolean
  /** Groups of fewer rows are left out. */
  readonly minRows: (model: string) => number | undefined
}

/** `everybody`: the groups that read a model without a policy; undefined: administrators only. */
export function accessOf(layer: MetricLayer, caller: Caller, everybody: Acl | undefined): Access {
  const unnamed = caller.admin || opens(everybody, caller)
  const entriesOf = (name: string): Model['policy'] | undefined => {
    const policy = layer.models[name]?.policy ?? []
    if (caller.admin || policy.length === 0) return undefined
    return policy.filter(({ groups }) => groups.some((group) => group === '*' || caller.groups.includes(group)))
  }
  const seesModel = (model: string): boolean =>
    entriesOf(model)?.length !== 0 && (unnamed || (layer.models[model]?.policy.length ?? 0) > 0)
  return {
    model: seesModel,
    rows: (model) => {
      const entries = entriesOf(model)
      if (entries === undefined) return undefined
      const rows = entries.map((entry) => entry.rows)
      return rows.includes(undefined) ? undefined : rows.filter((row) => row !== undefined)
    },
    // Entries add up, but one group's rows do not lend it another's columns, nor its small groups.
    sees: (model, item) => {
      if (!seesModel(model)) return false
      const entries = entriesOf(model)
      if (entries === undefined) return true
      const shown = entries.filter(({ hidden }) => !hidden.includes(item))
      return shown.length === entries.length || shown.some(({ rows }) => rows === undefined)
    },
    minRows: (model) => {
      const entries = entriesOf(model) ?? []
      if (entries.some((entry) => entry.rows === undefined && entry.min_rows === undefined)) return undefined
      const least = entries.flatMap((entry) => entry.min_rows ?? [])
      return least.length === 0 ? undefined : Math.max(...least)
    },
  }
}

function opens(acl: Acl | undefined, { groups }: Caller): boolean {
  if (acl === undefined) return false
  return 'public' in acl || [acl.groups].flat().some((group) => groups.includes(group))
}
