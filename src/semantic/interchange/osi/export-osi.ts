import type { Metric, MetricLayer } from '../../../../schemas/metrics.ts'
import { definitionOf } from './definition-of.ts'
import { exportDataset, exportRelationships } from './export-dataset.ts'
import { metricSql } from './export-metric.ts'
import { ansi, extension, osiWords, type OsiDocument, type OsiMetric } from './osi-document.ts'

export interface Exported {
  readonly document: OsiDocument
  /** Metrics that OSI cannot say; only Aquifer finds them in the document. */
  readonly unsaid: readonly string[]
}

/**
 * A layer as OSI 1.0. What OSI cannot say stands in extensions, so that an import of it is the same layer again; no reader
 * of the rest computes another number than Aquifer does.
 */
export function exportOsi(layer: MetricLayer): Exported {
  const metrics: OsiMetric[] = []
  const unsaid: [string, Metric][] = []
  for (const [name, metric] of Object.entries(layer.metrics)) {
    const sql = metricSql(metric, layer)
    if (sql === undefined) unsaid.push([name, metric])
    else {
      metrics.push({
        name,
        expression: ansi(sql),
        ...osiWords(metric),
        custom_extensions: extension({ metric: definitionOf(metric) }),
      })
    }
  }
  const relationships = exportRelationships(layer)
  const rest = {
    ...(unsaid.length === 0 ? {} : { metrics: definitionOf(Object.fromEntries(unsaid)) }),
    ...(Object.keys(layer.queries).length === 0 ? {} : { queries: definitionOf(layer.queries) }),
    ...(Object.keys(layer.calendars).length === 0 ? {} : { calendars: definitionOf(layer.calendars) }),
  }
  return {
    document: {
      version: '1.0',
      semantic_model: [
        {
          name: 'aquifer',
          datasets: Object.entries(layer.models).map(([name, model]) => ({
            ...exportDataset(name, model),
            custom_extensions: extension({ model: definitionOf(model) }),
          })),
          ...(relationships.length === 0 ? {} : { relationships }),
          ...(metrics.length === 0 ? {} : { metrics }),
          ...(Object.keys(rest).length === 0 ? {} : { custom_extensions: extension(rest) }),
        },
      ],
    },
    unsaid: unsaid.map(([name]) => name),
  }
}
