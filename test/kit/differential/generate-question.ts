import type { Question } from '../../../src/semantic/question.ts'
import { reachableItems } from '../evaluator/reachable.ts'
import type { Random } from '../random.ts'
import { generateCondition } from './generate-condition.ts'
import type { Nameable } from './generate-names.ts'
import { modelsOf, namesOf, perhapsShort } from './generate-names.ts'
import { randomDay } from './generate-values.ts'
import { chance, pick } from './generated.ts'
import type { Generated } from './generated.ts'

/** Something that may be asked of a layer: mostly with an answer, at times with none. */
export function generateQuestion(random: Random, generated: Generated): Question {
  return chance(random, 0.07) ? withoutMetrics(random, generated) : aboutMetrics(random, generated)
}

function aboutMetrics(random: Random, generated: Generated): Question {
  const { layer } = generated
  const metrics = random.some(Object.keys(layer.metrics), pick(random, [1, 1, 1, 2, 2, 3]))
  const models = modelsOf(layer, metrics)
  const names = namesOf(generated, models, chance(random, 0.04))
  const by = byOf(random, generated, models, names)
  const where = chance(random, 0.35)
    ? generateCondition(random, { names, hasTime: true, metrics: metricCalls(random, generated, names) })
    : undefined
  const order = chance(random, 0.25) ? orderOf(random, [...by, ...metrics]) : []
  return {
    metrics,
    by,
    order,
    distinct: true,
    extent: false,
    ...(where === undefined ? {} : { where }),
    ...boundsOf(random),
    ...(chance(random, 0.12) ? { limit: random.int(1, 5) } : {}),
    ...(chance(random, 0.05) ? { timeZone: pick(random, ['America/New_York', 'Europe/Berlin', 'UTC']) } : {}),
  }
}

const endings =
  'day day week week month month month quarter year year extract_month extract_dow extract_year extract_week extract_doy'.split(
    ' ',
  )

function byOf(
  random: Random,
  { layer }: Generated,
  models: readonly string[],
  names: readonly Nameable[],
): readonly string[] {
  const by: string[] = []
  const periods = Object.values(layer.calendars).flatMap((calendar) => Object.keys(calendar.periods))
  const ending = (grain: string): string => {
    if (periods.length > 0 && chance(random, 0.12)) return `__${pick(random, periods)}`
    if (grain === 'month') return pick(random, ['', '__month', '__year', '__quarter'])
    // Each second of a season is more than any test has time for.
    const isFine = grain === 'minute' || grain === 'second'
    if (chance(random, 0.02)) return '__hour'
    return !isFine && chance(random, 0.15) ? '' : `__${pick(random, endings)}`
  }
  if (chance(random, 0.75)) by.push(`metric_time${ending('day')}`)
  if (chance(random, 0.12)) by.push(`metric_time${ending('day')}`)
  // A name that only one of the metrics has: there is no answer by it.
  const strange = models.length > 1 && chance(random, 0.05) ? reachableItems(layer, pick(random, models)) : []
  const chosen = random.some(names, pick(random, [0, 0, 1, 1, 1, 2]))
  for (const { name, grain } of chosen)
    by.push(`${perhapsShort(random, name)}${grain === undefined ? '' : ending(grain)}`)
  if (strange.length > 0) by.push(pick(random, strange).parts.join('__'))
  return [...new Set(by)]
}

function orderOf(random: Random, columns: readonly string[]): readonly string[] {
  return random.some(columns, random.int(1, 2)).map((column) => (chance(random, 0.5) ? `-${column}` : column))
}

function boundsOf(random: Random): Pick<Question, 'from' | 'to'> {
  if (!chance(random, 0.25)) return {}
  const [first = '', last = ''] = [randomDay(random), randomDay(random)].toSorted()
  const cut = (day: string): string => (chance(random, 0.4) ? day.slice(0, 7) : day)
  const form = random.int(0, 3)
  if (form === 0) return { from: cut(first) }
  if (form === 1) return { to: cut(last) }
  return { from: cut(first), to: cut(last) }
}

/** Metrics by an entity that rows of this question have as well. */
function metricCalls(random: Random, { layer, kinds }: Generated, names: readonly Nameable[]): readonly string[] {
  const entities = names.filter(({ isEntity, name }) => isEntity && !name.includes('__')).map(({ name }) => name)
  return Object.keys(layer.metrics)
    .filter(() => chance(random, 0.3))
    .flatMap((metric) => {
      const shared = namesOf({ layer, kinds }, modelsOf(layer, [metric]), false).filter(({ name }) =>
        entities.includes(name),
      )
      return shared.length === 0 ? [] : [`metric(${metric}, ${pick(random, shared).name})`]
    })
}

function withoutMetrics(random: Random, generated: Generated): Question {
  const names = namesOf(generated, [pick(random, Object.keys(generated.layer.models))], true)
  const chosen = random
    .some(names, random.int(1, 2))
    .map(({ name, grain }) => `${name}${grain === undefined ? '' : pick(random, ['', '__month'])}`)
  const by = chance(random, 0.15)
    ? [...chosen, `metric_time__${pick(random, ['month', 'quarter', 'extract_month'])}`]
    : chosen
  const where = chance(random, 0.3) ? generateCondition(random, { names, hasTime: false, metrics: [] }) : undefined
  return {
    metrics: [],
    by,
    order: [],
    distinct: !chance(random, 0.1),
    extent: chance(random, 0.1),
    ...(where === undefined ? {} : { where }),
  }
}
