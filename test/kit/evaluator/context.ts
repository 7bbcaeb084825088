import type { Question } from '../../../src/semantic/question.ts'
import type { StandardGrain } from '../../../src/semantic/condition/tree.ts'
import { grainOfCut } from './cut.ts'
import { grainOf } from './find-row.ts'
import type { World } from './find-row.ts'
import { factsIn, readFormula } from './formula.ts'
import type { Fact } from './formula.ts'
import { addUnits, coarser, finer, parseMoment } from './moment.ts'
import type { Column, Scope } from './resolve.ts'
import type { Value } from './value.ts'

/** First moment that is shown, and the first that is not any more. */
export interface Bounds {
  readonly isGiven: boolean
  readonly from: number | undefined
  readonly end: number | undefined
}

export function readBounds({ from, to }: Question): Bounds {
  const last = to === undefined ? undefined : parseMoment(to)
  return {
    isGiven: from !== undefined || to !== undefined,
    from: from === undefined ? undefined : parseMoment(from).ms,
    end: last === undefined ? undefined : addUnits(last.ms, 1, last.unit),
  }
}

/** One question about metrics, as each of its facts sees it. */
export interface Context {
  readonly world: World
  /** Every fact's, in their order: what the question itself names has to be found from all of them. */
  readonly scopes: readonly Scope[]
  readonly columns: readonly Column[]
  readonly bounds: Bounds
  readonly defaultGrain: StandardGrain
  /** A metric's values by what it is asked by: the columns first, then the number. */
  valuesOf(metric: string, by: readonly string[]): readonly (readonly Value[])[]
}

export const isWithin = ({ isGiven, from, end }: Bounds, ms: number | null): boolean =>
  ms === null ? !isGiven : ms >= (from ?? ms) && ms < (end ?? ms + 1)

/** The grain of a metric_time without one: the coarsest of the metrics', day or the time dimension's standing for none. */
export function defaultGrainOf(world: World, metrics: readonly string[]): StandardGrain {
  const grains = metrics.map((name) => {
    const declared = world.layer.metrics[name]?.grain
    if (declared !== undefined) return declared
    return factsIn(readFormula(world.layer, name, { conditions: [], shifts: [] }))
      .map((fact) => timeGrainOf(world, fact))
      .reduce<StandardGrain>(coarser, 'day')
  })
  return grains.length === 0 ? 'day' : grains.reduce(coarser)
}

export function timeGrainOf(world: World, { model, time }: Scope): StandardGrain {
  return (time === undefined ? undefined : grainOf(world, model, time)) ?? 'day'
}

/** The columns that are metric_time for this fact. */
export function timeColumnsOf({ columns, scopes }: Context, fact: Fact): readonly Column[] {
  const index = scopes.findIndex(({ model, time }) => model === fact.model && time === fact.time)
  return columns.filter(({ sources }) => sources[index] === 'metric_time')
}

/** The time dimension's grain, at least a day unless something finer is asked for. */
export function baseGrainOf(context: Context, fact: Fact, alsoFine: readonly StandardGrain[]): StandardGrain {
  const asked = timeColumnsOf(context, fact).flatMap(({ cut }) =>
    cut === undefined ? [] : [grainOfCut(context.world, cut)],
  )
  return coarser(timeGrainOf(context.world, fact), [...asked, ...alsoFine].reduce<StandardGrain>(finer, 'day'))
}
