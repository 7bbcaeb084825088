import type { MetricLayer } from '../../../schemas/metrics.ts'
import { parseGroupBy } from '../condition/parse-group-by.ts'
import { namesIn } from '../condition/visit-tree.ts'
import { writeCondition } from '../condition/write-condition.ts'
import { metricTime, resolveName, type NameRequest, type Resolved } from '../names/resolve-name.ts'
import { timeOfLeaf } from '../plan/asked.ts'
import { conditionOf, expandMetric, leavesOf, type Leaf, type Shift } from '../plan/expand-metric.ts'
import type { Access } from '../plan/access.ts'
import type { Question } from '../question.ts'

interface Explained {
  readonly layer: MetricLayer
  readonly question: Question
  readonly access: Access
  readonly timeZone: string
}

/** What is aggregated for a question that is not refused, over which joins, and what its times are: one sentence each. */
export function explainSteps(explained: Explained): readonly string[] {
  const { layer, question } = explained
  const leaves = question.metrics.flatMap((name) => leavesOf(expandMetric(layer, name, { filters: [], shifts: [] })))
  const resolved = resolvedNames(explained, leaves)
  const isTimed =
    question.from !== undefined ||
    question.to !== undefined ||
    resolved.some(({ columns }) => columns === undefined) ||
    leaves.some(({ cumulative, shifts }) => cumulative !== undefined || shifts.length > 0)
  return [
    ...new Set([
      ...leaves.map((leaf) => leafText(layer, leaf)),
      ...resolved.flatMap((one) => joinTexts(one)),
      ...(isTimed ? leaves.map((leaf) => timeText(layer, leaf, explained.timeZone)) : []),
    ]),
  ]
}

function resolvedNames({ layer, question, access }: Explained, leaves: readonly Leaf[]): readonly Resolved[] {
  const all = [...new Set(leaves.map(({ model }) => model))]
  if (all.length === 0) return []
  const resolve = (request: NameRequest, bases: readonly string[]): Resolved =>
    resolveName(request, { layer, bases, sees: (model, item) => access.sees(model, item) })
  const asked = question.by.map((text) => resolve(parseGroupBy(text), all))
  const filtered = question.where === undefined ? [] : namesIn(conditionOf(question.where))
  const own = leaves.flatMap(({ model, filters }) =>
    filters.flatMap(({ tree }) => namesIn(tree).map((name) => resolve(name, [model]))),
  )
  return [...asked, ...all.flatMap((model) => filtered.map((name) => resolve(name, [model]))), ...own]
}

function leafText(layer: MetricLayer, leaf: Leaf): string {
  const { measure, model, filters, conversion } = leaf
  const { agg, expr = measure } = layer.models[model]?.measures[measure] ?? { agg: 'sum' }
  const where = filters.map(({ tree }) => writeCondition(tree)).join(' and ')
  const moved = leaf.shifts.map(shiftText).join('')
  return [
    `${measure} is ${agg}(${expr}) of ${model}`,
    where === '' ? '' : ` where ${where}`,
    conversion === undefined ? '' : `, each after a ${conversion.base} of the same ${conversion.entity}`,
    cumulativeText(leaf),
    moved,
    leaf.everyPeriod ? ', with periods that have none' : '',
  ].join('')
}

function cumulativeText({ cumulative }: Leaf): string {
  if (cumulative === undefined) return ''
  const { window, toDate } = cumulative
  if (window !== undefined) return `, over the last ${units(window)}`
  return toDate === undefined ? ', over all time so far' : `, over the ${toDate} so far`
}

function shiftText(shift: Shift): string {
  if (shift.kind === 'start') return `, as when the ${shift.grain} began`
  return `, as ${units(shift)} before`
}

const units = ({ count, unit }: { readonly count: number; readonly unit: string }): string =>
  `${String(count)} ${count === 1 ? unit : `${unit}s`}`

/** Every join by itself: those that lead on begin where the one before ends. */
function joinTexts({ columns }: Resolved): readonly string[] {
  return [...(columns ?? [])].flatMap(([base, { reach }]) =>
    reach.hops.map(
      ({ entity, model }, index) =>
        `${reach.hops[index - 1]?.model ?? base} joins ${model} by ${entity}: at most one row each, none lost`,
    ),
  )
}

function timeText(layer: MetricLayer, leaf: Leaf, timeZone: string): string {
  const name = timeOfLeaf(layer, leaf)
  const dimension = layer.models[leaf.model]?.dimensions[name ?? '']
  if (name === undefined || dimension?.type !== 'time') return `${leaf.measure} has no ${metricTime}`
  const zone =
    dimension.zone === undefined ? 'a local time, in no zone' : `stored in ${dimension.zone}, days begin in ${timeZone}`
  return `${metricTime} of ${leaf.measure} is ${leaf.model}.${name}, by ${dimension.grain}; ${zone}`
}
