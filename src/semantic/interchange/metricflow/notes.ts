import { parseArithmetic } from '../../condition/parse-condition.ts'
import { nodesIn } from '../../condition/visit-tree.ts'
import type { Draft } from '../draft.ts'
import type { MeasureUse, MetricInput } from '../layer-input.ts'

/** Once for all: where a database would cut a quotient of whole numbers, we do not. */
export function noteDivisions({ layer, places, note }: Draft): void {
  const dividing = Object.entries(layer.metrics).filter(
    ([, metric]) =>
      metric.type === 'derived' &&
      [...nodesIn(parseArithmetic(metric.expr))].some((node) => node.kind === 'operation' && node.operator === '/'),
  )
  const [name] = dividing[0] ?? []
  if (name === undefined) return
  const others = dividing.length === 1 ? '' : ` (and ${String(dividing.length - 1)} more)`
  const place = places.get(`metrics.${name}`) ?? ''
  note(place, `metric ${name}${others}: a quotient of whole numbers keeps its fraction here, on every database`)
}

/** Without a calendar, periods are shown from the first row's to the last's. */
export function noteMissingCalendar({ layer, places, note }: Draft): void {
  if (Object.keys(layer.calendars).length > 0) return
  const [name] = Object.entries(layer.metrics).find(([, metric]) => showsEveryPeriod(metric)) ?? []
  if (name === undefined) return
  const place = places.get(`metrics.${name}`) ?? ''
  note(place, `metric ${name}: no time spine was found; periods are shown from its first row to its last`)
}

const every = (use: MeasureUse): boolean => typeof use === 'object' && use.every_period === true

function showsEveryPeriod(metric: MetricInput): boolean {
  if (metric.type === 'cumulative') return true
  if (metric.type === 'simple') return every(metric.measure)
  if (metric.type === 'conversion') return every(metric.base) || every(metric.conversion)
  return false
}
