import type { MetricLayer } from '../../../schemas/metrics.ts'
import { AquiferError } from '../../core/errors.ts'
import { hint } from '../../core/nearest.ts'
import type { NumbersRequest } from '../../core/numbers.ts'
import type { Question } from '../question.ts'

/** A request with every word found, or the word that several definitions fit. */
export type Understood =
  | { readonly question: Question; readonly notices: readonly string[] }
  | { readonly word: string; readonly options: readonly string[] }

/** Names first, then saved queries, then what people call a metric. METRIC_UNKNOWN for a word that nothing fits. */
export function understand(layer: MetricLayer, request: NumbersRequest, visible: readonly string[]): Understood {
  const [name] = request.metrics
  const saved = request.metrics.length === 1 && name !== undefined ? savedQuery(layer, name) : undefined
  if (saved !== undefined && !visible.includes(name ?? '')) return understand(layer, merge(saved, request), visible)
  const metrics: string[] = []
  const notices: string[] = []
  for (const word of request.metrics) {
    const options = visible.includes(word) ? [word] : called(layer, word, visible)
    const [found, other] = options
    if (found === undefined)
      throw new AquiferError('METRIC_UNKNOWN', `There is no metric ${word}${hint(word, visible)}`)
    if (other !== undefined) return { word, options }
    if (found !== word) notices.push(`${word} was taken for the metric ${found}.`)
    metrics.push(found)
  }
  return { question: questionOf(request, metrics), notices }
}

export function questionOf(request: NumbersRequest, metrics: readonly string[]): Question {
  return {
    metrics,
    by: request.by ?? [],
    where: request.where,
    from: request.from,
    to: request.to,
    order: request.order ?? [],
    limit: request.limit,
    timeZone: request.timeZone,
    distinct: request.distinct ?? true,
    extent: request.extent ?? false,
  }
}

type SavedQuery = MetricLayer['queries'][string]

const savedQuery = (layer: MetricLayer, name: string): SavedQuery | undefined =>
  Object.hasOwn(layer.queries, name) ? layer.queries[name] : undefined

/** What the request says itself holds; its condition narrows the saved one. */
function merge(saved: SavedQuery, { metrics: _name, ...request }: NumbersRequest): NumbersRequest {
  const conditions = [saved.where, request.where].filter((where) => where !== undefined)
  return {
    ...request,
    metrics: saved.metrics,
    by: request.by === undefined || request.by.length === 0 ? saved.by : request.by,
    where: conditions.length === 0 ? undefined : conditions.map((where) => `(${where})`).join(' and '),
    order: request.order === undefined || request.order.length === 0 ? saved.order : request.order,
    limit: request.limit ?? saved.limit,
  }
}

/** Metrics whose label or synonym this word is. */
function called(layer: MetricLayer, word: string, visible: readonly string[]): readonly string[] {
  const wanted = plain(word)
  return visible.filter((name) => {
    const { label, synonyms = [] } = layer.metrics[name] ?? {}
    return [name, ...(label === undefined ? [] : [label]), ...synonyms].some((one) => plain(one) === wanted)
  })
}

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
    .trim()
