import type { Question } from '../../../src/semantic/question.ts'
import type { Context } from './context.ts'
import type { Fact } from './formula.ts'
import { hasMetric, nameOf, namesIn, resolveIn, surroundingsOf } from './holds.ts'
import type { World } from './find-row.ts'
import { modelOf, validityOf } from './reachable.ts'
import type { Item } from './reachable.ts'
import { Refused } from './refused.ts'
import type { Column, Scope } from './resolve.ts'

/** Refuses a time zone where a measure's time, or one that the question speaks of, is stored in none. */
export function checkZone(context: Context, facts: readonly Fact[], { timeZone }: Question): void {
  if (timeZone === undefined) return
  for (const fact of facts) {
    const conditions = fact.conditions
      .filter(({ tree }) => !hasMetric(tree))
      .flatMap((condition) =>
        namesIn(condition.tree).map((tree) => ({
          within: surroundingsOf(context, condition, fact),
          name: nameOf(tree),
        })),
      )
      .map(({ within, name }) => ({ column: resolveIn(within, name), scopes: within.scopes }))
    const named = [...context.columns.map((column) => ({ column, scopes: context.scopes })), ...conditions]
    const hasLocal = fact.time !== undefined && !hasZone(context.world, fact.model, fact.time)
    if (hasLocal || named.some((one) => hasNone(context, one, fact))) {
      throw new Refused('time_zone', 'a time without a zone')
    }
  }
}

function hasNone(
  { world }: Context,
  { column, scopes }: { readonly column: Column; readonly scopes: readonly Scope[] },
  fact: Fact,
): boolean {
  const source = column.sources[scopes.findIndex(({ model, time }) => model === fact.model && time === fact.time)]
  return source === 'metric_time' || source === undefined ? false : lacksZone(world, source)
}

/** A time that is stored in no zone, also one that a join on the way depends on. */
export function lacksZone(world: World, { kind, model, element, hops }: Item): boolean {
  const isTime = kind === 'dimension' && modelOf(world.layer, model).dimensions[element]?.type === 'time'
  return (isTime && !hasZone(world, model, element)) || hops.some(({ to }) => isLocallyValid(world, to))
}

function isLocallyValid(world: World, name: string): boolean {
  const model = modelOf(world.layer, name)
  const start = validityOf(model, 'start')
  const end = validityOf(model, 'end')
  return start !== undefined && end !== undefined && !(hasZone(world, name, start) && hasZone(world, name, end))
}

function hasZone({ layer }: World, model: string, name: string | undefined): boolean {
  const dimension = name === undefined ? undefined : modelOf(layer, model).dimensions[name]
  return dimension?.type === 'time' && dimension.zone !== undefined
}
