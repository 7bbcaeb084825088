import type { Tree } from '../../../src/semantic/condition/tree.ts'
import { defaultGrainOf } from './context.ts'
import type { Context } from './context.ts'
import { applyCut } from './cut.ts'
import { evaluateTree, momentOf } from './evaluate-tree.ts'
import { itemValue } from './find-row.ts'
import type { Condition, Fact } from './formula.ts'
import { Refused } from './refused.ts'
import { resolveName } from './resolve.ts'
import type { Column, Scope } from './resolve.ts'
import { keyOf } from './value.ts'
import type { Row, Value } from './value.ts'

/** A row of a fact, at the time that is meant. */
export interface Placed {
  readonly row: Row
  readonly ms: number | null
}

export function columnValue({ world, scopes }: Context, column: Column, scope: Scope, placed: Placed): Value {
  const source = column.sources[scopes.findIndex((one) => one.model === scope.model && one.time === scope.time)]
  if (source === undefined) throw new Error(`no source of ${column.name}`)
  const { cut } = column
  const value =
    source === 'metric_time'
      ? placed.ms === null
        ? null
        : { ms: placed.ms }
      : itemValue(world, source, placed.row, scope.model, scope.time)
  return cut === undefined || value === null ? value : applyCut(world, cut, momentOf(value).ms)
}

/** Whether a condition is true of a row; not when it is null. */
export function holds(context: Context, condition: Condition, scope: Scope, placed: Placed): boolean {
  const within = surroundingsOf(context, condition, scope)
  const value = evaluateTree(condition.tree, {
    name: (tree) => columnValue(within, resolveIn(within, nameOf(tree)), scope, placed),
    metric: ({ name, by }) => metricValue(within, name, by, scope, placed),
  })
  return value === true
}

const narrowed = new WeakMap<Context, Map<string, Context>>()

/** A question's condition has the names that all of its metrics have; others are read from the fact alone. */
export function surroundingsOf(context: Context, { metric }: Condition, { model, time }: Scope): Context {
  if (metric === undefined) return context
  const key = [metric, model, time].join(' ')
  const before = narrowed.get(context) ?? new Map<string, Context>()
  narrowed.set(context, before)
  const found = before.get(key) ?? {
    ...context,
    scopes: [{ model, time }],
    defaultGrain: defaultGrainOf(context.world, [metric]),
  }
  before.set(key, found)
  return found
}

const resolved = new WeakMap<Context['scopes'], Map<string, Column>>()

/** Each name once for the same scopes: there are many rows. */
export function resolveIn({ world, scopes, defaultGrain }: Context, name: string): Column {
  const before = resolved.get(scopes) ?? new Map<string, Column>()
  resolved.set(scopes, before)
  const column = before.get(name) ?? resolveName(world, scopes, name, defaultGrain)
  before.set(name, column)
  return column
}

type NameTree = Extract<Tree, { kind: 'name' }>

/** In one text, as a question's column. */
export function nameOf({ path, name, grain, part }: NameTree): string {
  const ending = part === undefined ? grain : `extract_${part}`
  return [...path, name, ...(ending === undefined ? [] : [ending])].join('__')
}

function metricValue(context: Context, name: string, by: readonly string[], scope: Scope, placed: Placed): Value {
  const key = by.map((one) => columnValue(context, resolveBy(context, one), scope, placed))
  if (key.includes(null)) return null
  const found = context.valuesOf(name, by).find((row) => keyOf(row.slice(0, by.length)) === keyOf(key))
  return found?.[by.length] ?? null
}

/** Finds what conditions speak of, whether or not a row ever gets there. */
export function checkConditions(context: Context, fact: Fact): void {
  for (const condition of fact.conditions) {
    const within = surroundingsOf(context, condition, fact)
    for (const tree of namesIn(condition.tree)) resolveIn(within, nameOf(tree))
    for (const { name, by } of metricsIn(condition.tree)) {
      for (const one of by) resolveBy(within, one)
      context.valuesOf(name, by)
    }
  }
}

/** Whether a condition speaks of metric_time, and whether of anything else. */
export function subjectsOf(
  context: Context,
  condition: Condition,
  fact: Fact,
): { readonly time: boolean; readonly other: boolean } {
  const within = surroundingsOf(context, condition, fact)
  const index = within.scopes.findIndex(({ model, time }) => model === fact.model && time === fact.time)
  const areTime = namesIn(condition.tree).map(
    (tree) => resolveIn(within, nameOf(tree)).sources[index] === 'metric_time',
  )
  return { time: areTime.includes(true), other: areTime.includes(false) || hasMetric(condition.tree) }
}

/** What is asked of a metric has the metric's name; here it may be a shorter one: `view__listing` is listing. */
function resolveBy(context: Context, name: string): Column {
  const parts = name.split('__')
  for (const index of parts.keys()) {
    try {
      return resolveIn(context, parts.slice(index).join('__'))
    } catch (error) {
      if (!(error instanceof Refused) || index === parts.length - 1) throw error
    }
  }
  throw new Error(`no name in ${name}`)
}

export const namesIn = (tree: Tree): readonly NameTree[] => nodesIn(tree).filter((node) => node.kind === 'name')

const metricsIn = (tree: Tree): readonly Extract<Tree, { kind: 'metric' }>[] =>
  nodesIn(tree).filter((node) => node.kind === 'metric')

export const hasMetric = (tree: Tree): boolean => metricsIn(tree).length > 0

function nodesIn(tree: Tree): readonly Tree[] {
  const parts = Object.values(tree).flatMap((part: unknown) => treesIn(part))
  return [tree, ...parts.flatMap(nodesIn)]
}

function treesIn(part: unknown): readonly Tree[] {
  if (typeof part !== 'object' || part === null) return []
  // A part of a tree with a kind is a tree; a branch of `case` has two within.
  if ('kind' in part) return [part as Tree]
  return Object.values(part).flatMap((one: unknown) => treesIn(one))
}
