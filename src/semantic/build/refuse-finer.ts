import type { StandardGrain } from '../condition/tree.ts'
import type { Cut } from '../names/resolve-name.ts'
import { refuse } from '../refuse.ts'
import { grainOf } from './calendars.ts'
import { rank, type Context } from './context.ts'

/** Refuses a period or a part of a date that the data are too coarse for: the first of a month is no day of it. */
export function refuseFiner(
  context: Context,
  {
    name,
    cut,
    finest,
    nearest,
  }: { readonly name: string; readonly cut: Cut; readonly finest: StandardGrain; readonly nearest: string },
): void {
  if (rank(grainOf(context, cut)) >= rank(finest)) return
  refuse('unsupported', `${name} is finer than the data, which have a ${finest} each.`, [nearest])
}
