import type { StandardGrain } from '../condition/tree.ts'
import type { Cut } from '../names/resolve-name.ts'
import type { Leaf } from '../plan/expand-metric.ts'
import { refuse } from '../refuse.ts'
import { operation, type Sql } from '../sql/sql.ts'
import { rank } from './context.ts'

/** Of values at the start of a period, coarser columns show those of days that begin one of theirs. */
export function startsOnly({ shifts }: Leaf, base: StandardGrain, cuts: readonly Cut[], time: Sql): readonly Sql[] {
  if (shifts.at(-1)?.kind !== 'start') return []
  const grains = cuts.map(
    ({ grain }) => grain ?? refuse('unsupported', 'The start of a period is asked by standard periods only.'),
  )
  if (grains.length === 0 || grains.some((grain) => rank(grain) <= rank(base))) return []
  const begins = grains.map((grain) => operation('=', { kind: 'truncate', of: time, grain }, time))
  return [begins.reduce((left, right) => operation('or', left, right))]
}
