import type { Acl } from '../../../schemas/config.ts'
import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { CheckOutcome } from '../../../schemas/numbers.ts'
import type { Caller } from '../../core/caller.ts'
import type { Clock } from '../../core/clock.ts'
import type { Engine } from '../engine.ts'
import type { Kept, KeptRequest } from '../kept/kept-answer.ts'
import { isVisible } from '../plan/is-visible.ts'
import { accessOf, type Access } from '../plan/access.ts'

/** What answering needs. The layer has no faults and names a connection wherever there is one. */
export interface NumbersContext {
  readonly layer: MetricLayer
  /** The engine of a connection, opened at first use. */
  readonly engine: (connection: string) => Promise<Engine>
  /** Signs receipts. */
  readonly secret: string
  /** Who sees models without a policy; undefined: administrators only. */
  readonly everybody: Acl | undefined
  readonly clock: Clock
  /** What the checks that guard these metrics last found. */
  readonly outcomes: (metrics: readonly string[]) => Promise<readonly CheckOutcome[]>
  /** Runs those checks, and keeps what they find. */
  readonly check: (metrics: readonly string[], signal?: AbortSignal) => Promise<readonly CheckOutcome[]>
  /** The answer as it was kept, where it provably is the same. */
  readonly kept: (request: Omit<KeptRequest, 'dialect'>) => Promise<Kept | undefined>
  readonly limits: { readonly rows: number; readonly bytes: number; readonly timeoutMs: number }
}

export function accessFor({ layer, everybody }: NumbersContext, caller: Caller): Access {
  return accessOf(layer, caller, everybody)
}

const seen = new WeakMap<MetricLayer, Map<string, readonly string[]>>()

/** Names of the metrics that the caller may see everything of. */
export function visibleMetrics(context: NumbersContext, caller: Caller): readonly string[] {
  const { layer } = context
  const key = caller.admin ? 'admin' : JSON.stringify(caller.groups.toSorted())
  const known = seen.get(layer) ?? new Map<string, readonly string[]>()
  seen.set(layer, known)
  const before = known.get(key)
  if (before !== undefined) return before
  const access = accessFor(context, caller)
  const visible = Object.keys(layer.metrics).filter((name) => isVisible(layer, name, access))
  if (known.size > 1000) known.clear()
  known.set(key, visible)
  return visible
}
