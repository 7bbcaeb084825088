import { MetricsFile } from '../../../schemas/metrics.ts'
import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Random } from '../random.ts'
import { chance, pick } from './generated.ts'
import type { Draft, Generated } from './generated.ts'
import { generateCondition } from './generate-condition.ts'
import type { Speakable } from './generate-condition.ts'
import { modelsOf, namesOf } from './generate-names.ts'

type Metrics = Record<string, Record<string, unknown>>

const filterShare = 0.2

/** Metrics over the measures of drafts, each made of those before it. */
export function generateMetrics(
  random: Random,
  drafts: readonly Draft[],
  calendars: Record<string, unknown>,
): MetricLayer {
  const models = Object.fromEntries(drafts.map(({ name, model }) => [name, model]))
  const kinds = Object.fromEntries(drafts.map((draft) => [draft.name, draft.kinds]))
  const measures = drafts.flatMap(({ name, model }) =>
    Object.keys(model.measures).map((measure) => ({ measure, name })),
  )
  const metrics: Metrics = {}
  const layerOf = (): MetricLayer => MetricsFile.parse({ version: 1, models, metrics, calendars })
  const filterIn = (...of: readonly string[]): Record<string, unknown> =>
    filterOf(random, { layer: layerOf(), kinds }, of)

  for (const { measure, name } of measures) {
    metrics[`${measure}_metric`] = {
      type: 'simple',
      measure: simpleInput(random, measure, name, filterIn),
      ...filterIn(name),
      ...grainOf(random),
    }
  }
  const make = [ratio, derived, cumulative, derived, conversion, ratio, cumulative, derived, nested, nested]
  for (const [index, one] of make.entries()) {
    const made = one({ random, layer: layerOf(), drafts, measures, filterIn })
    if (made !== undefined) metrics[`made_${index}`] = { ...made, ...grainOf(random) }
  }
  return layerOf()
}

interface Making {
  readonly random: Random
  readonly layer: MetricLayer
  readonly drafts: readonly Draft[]
  readonly measures: readonly { readonly measure: string; readonly name: string }[]
  readonly filterIn: (...models: readonly string[]) => Record<string, unknown>
}

const grainOf = (random: Random): Record<string, unknown> =>
  chance(random, 0.08) ? { grain: pick(random, ['week', 'month', 'day']) } : {}

function filterOf(
  random: Random,
  generated: Pick<Generated, 'layer' | 'kinds'>,
  models: readonly string[],
): Record<string, unknown> {
  if (!chance(random, filterShare)) return {}
  const names = namesOf(generated, models, false)
  const hasTime = models.every((model) => generated.layer.models[model]?.time !== undefined)
  const filter = generateCondition(random, { names, hasTime, metrics: [] } satisfies Speakable)
  return filter === undefined ? {} : { filter }
}

function simpleInput(random: Random, measure: string, model: string, filterIn: Making['filterIn']): unknown {
  if (chance(random, 0.6)) return measure
  return {
    name: measure,
    ...filterIn(model),
    ...(chance(random, 0.4) ? { fill: 0 } : {}),
    ...(chance(random, 0.3) ? { every_period: true } : {}),
  }
}

const simpleOnes = ({ metrics }: MetricLayer): readonly string[] =>
  Object.keys(metrics).filter((name) => metrics[name]?.type === 'simple')

function input(
  { random, layer, filterIn }: Making,
  name: string,
  alias: string,
  offsets: number,
): Record<string, unknown> {
  const filter = filterIn(...modelsOf(layer, [name]))
  if (!chance(random, offsets)) return { name, alias, ...filter }
  if (chance(random, 0.2))
    return { name, alias, ...filter, offset_to: pick(random, ['week', 'month', 'quarter', 'year']) }
  const custom = Object.values(layer.calendars).flatMap(({ periods }) => Object.keys(periods))
  const unit =
    custom.length > 0 && chance(random, 0.15)
      ? pick(random, custom)
      : pick(random, ['day', 'days', 'week', 'month', 'month', 'quarter', 'year'])
  const count = unit === 'month' ? random.int(1, 2) : unit.startsWith('day') ? random.int(1, 40) : 1
  return { name, alias, ...filter, offset: `${count} ${unit}`, ...(chance(random, 0.3) ? { align: 'day' } : {}) }
}

function ratio(making: Making): Record<string, unknown> {
  const { random, layer } = making
  const [numerator = '', denominator = numerator] = random.some(simpleOnes(layer), 2)
  return {
    type: 'ratio',
    numerator: input(making, numerator, 'above', 0.1),
    denominator: input(making, denominator, 'below', 0.1),
  }
}

function derived(making: Making): Record<string, unknown> {
  const { random, layer } = making
  return arithmetic(making, random.some(simpleOnes(layer), random.int(1, 2)))
}

function nested(making: Making): Record<string, unknown> {
  const { random, layer } = making
  const made = Object.keys(layer.metrics).filter((name) => name.startsWith('made_'))
  return arithmetic(making, [...random.some(made, 1), ...random.some(simpleOnes(layer), random.int(0, 1))])
}

/** Often of one metric with and without an offset. */
function arithmetic(making: Making, names: readonly string[]): Record<string, unknown> {
  const { random } = making
  const inputs = names.map((name, index) => input(making, name, `in_${index}`, 0.35))
  const [first = ''] = names
  if (chance(random, 0.4)) inputs.push(input(making, first, 'before', 1))
  const aliases = inputs.map(({ alias }) => String(alias))
  const [one = '', other = one, third = '1'] = aliases
  return {
    type: 'derived',
    inputs,
    expr: pick(random, [
      `${one} - ${other}`,
      `${one} / ${other}`,
      `${one} * 2 + coalesce(${other}, 0)`,
      `(${one} - ${other}) / nullif(${other}, 0)`,
      `coalesce(${one}, 0) + coalesce(${other}, 0) + ${third}`,
      `case when ${one} > 5 then ${one} else ${other} end`,
    ]),
  }
}

function cumulative({ random, measures, filterIn }: Making): Record<string, unknown> {
  const { measure, name } = pick(random, measures)
  const unit = pick(random, ['day', 'days', 'week', 'month', 'quarter'])
  return {
    type: 'cumulative',
    measure: simpleInput(random, measure, name, filterIn),
    ...filterIn(name),
    at_coarser: pick(random, ['first', 'last', 'average']),
    ...pick<Record<string, unknown>>(random, [
      { window: `${unit.startsWith('day') ? random.int(1, 20) : random.int(1, 2)} ${unit}` },
      { to_date: pick(random, ['week', 'month', 'quarter', 'year']) },
      {},
    ]),
  }
}

/** Between two facts, or within one, over an entity that both point to. */
function conversion({ random, drafts, measures, filterIn }: Making): Record<string, unknown> | undefined {
  const timed = measures.filter(({ name }) => drafts.find((draft) => draft.name === name)?.model.time !== undefined)
  if (timed.length === 0) return undefined
  const base = pick(random, timed)
  const then = pick(random, timed)
  const entitiesOf = (name: string): readonly string[] =>
    Object.keys(drafts.find((draft) => draft.name === name)?.model.entities ?? {})
  const shared = entitiesOf(base.name).filter((entity) => entitiesOf(then.name).includes(entity))
  if (shared.length === 0) return undefined
  const same = chance(random, 0.2) && base.name.endsWith('s') ? sameOf(drafts, base.name, then.name) : []
  return {
    type: 'conversion',
    base: simpleInput(random, base.measure, base.name, filterIn),
    conversion: simpleInput(random, then.measure, then.name, filterIn),
    entity: pick(random, shared),
    calculate: pick(random, ['rate', 'count']),
    ...(chance(random, 0.7) ? { within: pick(random, ['7 days', '1 month', '3 days', '2 weeks']) } : {}),
    same,
    ...filterIn(base.name),
  }
}

function sameOf(drafts: readonly Draft[], base: string, conversion: string): readonly Record<string, string>[] {
  const dimensionsOf = (name: string): readonly string[] =>
    Object.keys(drafts.find((draft) => draft.name === name)?.model.dimensions ?? {})
  const both = dimensionsOf(base).filter((name) => name === 'is_paid' && dimensionsOf(conversion).includes(name))
  return both.map((name) => ({ base: name, conversion: name }))
}
