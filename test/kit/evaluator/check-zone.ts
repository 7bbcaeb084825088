import type { Question } from '../../../src/semantic/question.ts'
import type { Context } from './context.ts'
import type { Fact } from './formula.ts'
import { hasMetric, nameOf, namesIn, resolveIn, surroundingsOf } from './holds.ts'
import { modelOf } from './reachable.ts'
import { Refused } from './refused.ts'
import type { Column, Scope } from './resolve.ts'

/** Refuses a time zone where a time that the question speaks of is stored in none. */
export function checkZone(context: Context, facts: readonly Fact[], { timeZone, from, to }: Question): void {
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
    const isBounded = from !== undefined || to !== undefined
    if ((isBounded && !hasZone(context, fact.model, fact.time)) || named.some((one) => lacksZone(context, one, fact))) {
      throw new Refused('time_zone', 'a time without a zone')
    }
  }
}

function lacksZone(
  context: Context,
  { column, scopes }: { readonly column: Column; readonly scopes: readonly Scope[] },
  fact: Fact,
): boolean {
  if (column.kind !== 'time') return false
  const source = column.sources[scopes.findIndex(({ model, time }) => model === fact.model && time === fact.time)]
  return source === 'metric_time' || source === undefined
    ? !hasZone(context, fact.model, fact.time)
    : !hasZone(context, source.model, source.element)
}

function hasZone({ world }: Context, model: string, name: string | undefined): boolean {
  const dimension = name === undefined ? undefined : modelOf(world.layer, model).dimensions[name]
  return dimension?.type === 'time' && dimension.zone !== undefined
}
