import { timeColumnsOf } from './context.ts'
import type { Context } from './context.ts'
import { applyCut } from './cut.ts'
import type { Group } from './placed-rows.ts'
import { evaluateTree } from './evaluate-tree.ts'
import type { Condition, Fact } from './formula.ts'
import { hasMetric, nameOf, namesIn, resolveIn, surroundingsOf } from './holds.ts'
import { momentsOfColumns } from './periods.ts'
import { keyOf } from './value.ts'

/** Adds the periods in which a fact has nothing; conditions on shown columns hold for all that is shown. */
export function showEveryPeriod(context: Context, fact: Fact, groups: readonly Group[]): readonly Group[] {
  const columns = timeColumnsOf(context, fact)
  if (columns.length === 0) return groups
  const indexes = columns.map((column) => context.columns.indexOf(column))
  const shown = new Set(groups.map((group) => keyOf(indexes.map((index) => group.columns[index] ?? null))))
  const added = momentsOfColumns(context, fact, groups).flatMap((ms): readonly Group[] => {
    const periods = columns.map(({ cut }) => (cut === undefined ? null : applyCut(context.world, cut, ms)))
    const key = keyOf(periods)
    if (shown.has(key)) return []
    shown.add(key)
    return [{ columns: context.columns.map((_, index) => periods[indexes.indexOf(index)] ?? null), value: null }]
  })
  return [...groups, ...added].filter((group) =>
    fact.conditions
      .filter(({ of }) => of !== 'measure')
      .every((condition) => holdsAgain(context, fact, condition, group)),
  )
}

/** True also of conditions that speak of anything else than what is shown. */
function holdsAgain(context: Context, fact: Fact, condition: Condition, { columns }: Group): boolean {
  if (hasMetric(condition.tree)) return true
  const within = surroundingsOf(context, condition, fact)
  const timeNames = timeColumnsOf(context, fact).map(({ name }) => name)
  const names = namesIn(condition.tree).map((tree) => resolveIn(within, nameOf(tree)).name)
  const isOfColumns = names.every((name) => context.columns.some((column) => column.name === name))
  if (!isOfColumns || (condition.depth > 0 && names.some((name) => timeNames.includes(name)))) return true
  const value = evaluateTree(condition.tree, {
    name: (tree) => {
      const { name } = resolveIn(within, nameOf(tree))
      return columns[context.columns.findIndex((column) => column.name === name)] ?? null
    },
    metric: () => null,
  })
  return value === true
}
