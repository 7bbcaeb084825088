import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Row } from '../../../schemas/record.ts'
import { everybody } from '../../core/caller.ts'
import type { MetricDimension } from '../../core/numbers.ts'
import { listDimensions } from '../ask/list-dimensions.ts'
import type { Readers } from './readers-of.ts'

/** More would drown what the metric is. */
const mostDimensions = 60

/** A metric as a record that search finds: what it is called, what it means, what it can be asked by, who may know of it. */
export function cardOf(layer: MetricLayer, name: string, readersOf: (metric: string) => Readers): Row | undefined {
  const metric = layer.metrics[name]
  if (metric === undefined) return undefined
  const { label, description, synonyms, scope, status, owner, successor } = metric
  const { entries, access } = readersOf(name)
  const isKnown = successor !== undefined && isReadBy(entries, readersOf(successor))
  // Administrators alone may read what names nobody, and they see everything.
  const seen = entries.length === 0 ? { model: () => true, sees: () => true } : access
  const dimensions = listDimensions({ layer }, [name], seen).slice(0, mostDimensions)
  const facts = [
    ['Also called', synonyms.join(', ')],
    ['Scope', scope],
    ['Status', isKnown ? `${status}, use ${successor}` : status],
    ['By', dimensions.map(dimensionText).join(', ')],
  ] as const
  const lines = facts.flatMap(([what, text]) => (text === undefined || text === '' ? [] : [`${what}: ${text}`]))
  const opening = `${label ?? wordsOf(name)} is a metric: ask query_metrics for ${name}.`
  return {
    title: label === undefined ? `Metric ${name}` : `${label} (metric ${name})`,
    text: [opening, ...(description === undefined ? [] : [description]), ...lines].join('\n\n'),
    status,
    owner: owner ?? null,
    readers: entries,
  }
}

/** Whether whoever has one of these entries reads it too. */
const isReadBy = (entries: readonly string[], other: Readers): boolean =>
  other.entries.includes(everybody) || entries.every((entry) => other.entries.includes(entry))

const dimensionText = ({ name, label }: MetricDimension): string => `${label ?? wordsOf(name)} (${name})`

const wordsOf = (name: string): string => name.replaceAll(/_+/g, ' ')
