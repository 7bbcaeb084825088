import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Access } from '../plan/access.ts'
import { hashOf } from './hash.ts'

/** The same for callers who see the same rows and columns of these models, whatever their groups are called. */
export function policyHash(layer: MetricLayer, access: Access, models: readonly string[]): string {
  const seen = models.map((name) => {
    const { dimensions = {}, measures = {}, entities = {} } = layer.models[name] ?? {}
    const items = [...Object.keys(dimensions), ...Object.keys(measures), ...Object.keys(entities)]
    const hidden = items.filter((item) => !access.sees(name, item))
    return { name, rows: access.rows(name)?.toSorted(), hidden: hidden.toSorted(), least: access.minRows(name) }
  })
  const open = seen.every(({ rows, hidden, least }) => rows === undefined && hidden.length === 0 && least === undefined)
  return open ? 'unrestricted' : hashOf(seen).slice(0, 32)
}
